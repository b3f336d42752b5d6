import DeepXMLModel
import Testing

@Suite struct LearningRateTests {
    /// As torch's StepLR by epochs: halved before epochs 2 and 4, in the middle of no epoch.
    @Test func fallsInSteps() {
        let rate = LearningRate(initial: 0.8, schedule: .step(factor: 0.5, interval: 2), epochs: 5, stepsPerEpoch: 3)
        let expected = [0.8, 0.8, 0.4, 0.4, 0.2].flatMap { [$0, $0, $0] }
        #expect((0..<15).map(rate.at(step:)) == expected)
    }

    @Test func staysAsItIs() {
        let rate = LearningRate(initial: 0.8, schedule: .step(factor: 0.5, interval: -1), epochs: 5, stepsPerEpoch: 3)
        #expect((0..<15).allSatisfy { rate.at(step: $0) == 0.8 })
    }

    /// The first step has the whole rate, and the one after the last would have none.
    @Test func fallsWithEveryStep() {
        let rate = LearningRate(initial: 0.8, schedule: .linear(), epochs: 2, stepsPerEpoch: 4)
        #expect((0...8).map { (rate.at(step: $0) * 10).rounded() } == [8, 7, 6, 5, 4, 3, 2, 1, 0])
        #expect(rate.at(step: 0) == 0.8 && rate.at(step: 8) == 0)
    }

    /// Two of eight steps rise to the whole rate; the third has it, and the one after the last would have none.
    @Test func risesBeforeItFalls() {
        let rate = LearningRate(initial: 0.6, schedule: .linear(warmup: 0.25), epochs: 2, stepsPerEpoch: 4)
        #expect((0...8).map { (rate.at(step: $0) * 10).rounded() } == [3, 6, 6, 5, 4, 3, 2, 1, 0])
    }
}
