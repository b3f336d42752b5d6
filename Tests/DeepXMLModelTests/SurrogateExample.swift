import DeepXMLModel
import Devices
import Support

/// Knuth's 64-bit linear congruential generator; Tests/oracles/surrogate_clusters.py has the same.
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state
    }

    mutating func below(_ bound: Int) -> Int { Int((next() >> 33) % UInt64(bound)) }

    /// In 0 ..< 1.
    mutating func uniform() -> Float { Float(next() >> 40) / Float(1 << 24) }
}

/// The oracle's data: documents in topics, whose labels and features lie near the topic's.
struct SurrogateExample {
    let features: CSRMatrix
    let labels: CSRMatrix
    let documents: CSRMatrix

    init(documents count: Int, labels labelCount: Int, features featureCount: Int) {
        var g = Generator(state: UInt64(count * 1_000_003 + labelCount))
        var x: [[Int32: Float]] = []
        var y: [Set<Int32>] = []
        for i in 0..<count {
            let topic = i % labelCount
            var own: Set<Int32> = [Int32(topic)]
            var row: [Int32: Float] = [:]
            for _ in 0..<3 {
                // The neighbour is drawn only when it is used, but the coin comes first in the oracle's source order.
                let near = g.below(4) != 0
                own.insert(Int32(near ? (topic / 8 * 8 + g.below(8)) % labelCount : g.below(labelCount)))
            }
            for _ in 0..<9 {
                let near = g.below(3) != 0
                let feature = near ? (topic * 3 + g.below(12)) % featureCount : g.below(featureCount)
                row[Int32(feature)] = Float(1 + g.below(31)) / 32
            }
            x.append(row)
            y.append(own)
        }
        features = CSRMatrix(cols: featureCount, rows: x.map { $0.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } })
        labels = CSRMatrix(cols: labelCount, rows: y.map { $0.sorted().map { ($0, 1) } }, binary: true)
        documents = labels.transposed()
    }

    func clustering(threshold: Int, seed: Int, threads: Int = 1) -> SurrogateClustering {
        SurrogateClustering(
            features: features, labels: labels, documents: documents, threshold: threshold, seed: seed,
            on: CPUDevice(team: ThreadTeam(size: threads)))
    }
}
