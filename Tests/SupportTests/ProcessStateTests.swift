import Foundation
import Support
import Testing

@Suite struct ProcessStateTests {
    /// A thread that sleeps computes nothing; one that computes does.
    @Test func cpuTimeIsTheThreadsOwn() {
        var calls = [0, 0], x = 1.0
        let seconds = fewestCPUSeconds(
            rounds: 3,
            [
                {
                    calls[0] += 1
                    Thread.sleep(forTimeInterval: 0.05)
                },
                {
                    calls[1] += 1
                    let began = threadCPUSeconds()
                    while threadCPUSeconds() - began < 0.01 { x = x * 1.000_001 + 1 }
                },
            ])
        #expect(calls == [4, 4] && x > 1)
        #expect(seconds[0] < 0.01 && seconds[1] >= 0.01)
    }
}
