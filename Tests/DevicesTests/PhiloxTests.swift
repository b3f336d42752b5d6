import Devices
import Kernels
import Testing

@Suite struct PhiloxTests {
    /// The generator in Swift is the kernels', on counters and keys of all sizes.
    @Test func drawsTheKernelsNumbers() {
        var state: UInt32 = 12345
        func next() -> UInt32 {
            state = state &* 1_664_525 &+ 1_013_904_223
            return state >> (state & 15)
        }
        for _ in 0..<1000 {
            let stream = RandomStream(key0: next(), key1: next(), purpose: next(), step: next()), index = next(), row = next()
            var words = [UInt32](repeating: 0, count: 4)
            dx_philox4x32([stream.key0, stream.key1], [index, row, stream.step, stream.purpose], &words)
            let block = stream.block(index, row: row)
            #expect((0..<4).map { block[$0] } == words)
        }
    }
}
