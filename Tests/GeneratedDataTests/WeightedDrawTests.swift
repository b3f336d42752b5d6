import GeneratedData
import Testing

@Suite struct WeightedDrawTests {
    @Test func drawsByWeight() {
        let draw = WeightedDraw(weights: [4, 1, 0.5, 2.5])
        var random = CounterRandom(seed: 7, .test), counts = [0, 0, 0, 0]
        for _ in 0..<80_000 { counts[draw.draw(&random)] += 1 }
        for (count, wanted) in zip(counts, [40_000, 10_000, 5_000, 25_000]) { #expect(abs(count - wanted) < 600) }
    }

    @Test func meansAndOrders() {
        var random = CounterRandom(seed: 7, .training)
        let counts = (0..<20_000).map { _ in random.count(mean: 5.4) }
        #expect(abs(Double(counts.reduce(0, +)) / 20_000 - 5.4) < 0.1)
        #expect(counts.min() == 1 && (counts.max() ?? 0) <= 10)
        let order = random.order(1000)
        #expect(order != order.sorted() && order.sorted() == Array(0..<1000))
    }
}
