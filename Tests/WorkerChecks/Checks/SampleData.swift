import Foundation

/// A small data set of the XC layout: labels have tokens of their own, documents the tokens of their labels and noise.
public struct SampleData: Sendable {
    public var documents: Int
    public var testDocuments: Int
    public var tokens: Int
    public var labels: Int

    public init(documents: Int = 640, testDocuments: Int = 90, tokens: Int = 300, labels: Int = 640) {
        self.documents = documents
        self.testDocuments = testDocuments
        self.tokens = tokens
        self.labels = labels
    }

    /// Writes the four files into `folder`. Every label has a training document; the first test document has no feature.
    func write(to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var noise = Noise(state: 42)
        let train = (0..<documents).map { document in row(&noise, certain: document % labels) }
        let test = (0..<testDocuments).map { document in row(&noise, certain: document * 7 % labels) }
        for (name, rows) in [("trn", train), ("tst", test)] {
            let features = rows.enumerated().map { name == "tst" && $0 == 0 ? "" : $1.features }
            try write("\(folder)/\(name)_X_Xf.txt", "\(rows.count) \(tokens)", features)
            try write("\(folder)/\(name)_X_Y.txt", "\(rows.count) \(labels)", rows.map(\.labels))
        }
    }

    private func write(_ path: String, _ header: String, _ rows: [String]) throws {
        try ([header] + rows).map { $0 + "\n" }.joined().write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func row(_ noise: inout Noise, certain label: Int) -> (features: String, labels: String) {
        var chosen: Set = [label]
        var weights: [Int: Int] = [:]
        while chosen.count < min(labels, 1 + noise.below(4)) { chosen.insert(noise.below(labels)) }
        for label in chosen.sorted() {
            for k in 0..<3 { weights[(label * 31 + k * k * 17) % tokens, default: 0] += 200 + noise.below(800) }
        }
        for _ in 0..<4 { weights[noise.below(tokens), default: 0] += 1 + noise.below(300) }
        let features = weights.sorted { $0.key < $1.key }.map { "\($0.key):\(Double($0.value) / 1000)" }
        return (features.joined(separator: " "), chosen.sorted().map { "\($0):1" }.joined(separator: " "))
    }
}

/// A linear congruential generator (Knuth, MMIX): the same data set everywhere.
struct Noise {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}
