import Formats
import Foundation
import Support

/// A small data set of the XC layout: labels have tokens of their own, documents the tokens of their labels and noise.
public struct SampleData: Sendable {
    /// In which form documents are written.
    public enum Features: Sendable, Equatable {
        /// Weighted tokens, as text.
        case sparse
        /// Tokens in order, some repeated, as scipy's CSR.
        case sequential
        /// Vectors of so many numbers, as `.npy`.
        case dense(Int)
    }

    /// Files of token embeddings, which differ, beside the data.
    public static let tokenEmbeddings = ["embeddings.npy", "other-embeddings.npy"]
    static let embeddingDims = 16

    public var documents: Int
    public var testDocuments: Int
    public var tokens: Int
    public var labels: Int
    public var features: Features
    /// The first label is every document's.
    public var hasCommonLabel = false
    /// Labels have texts, of the tokens that are theirs; every tenth has none.
    public var hasLabelText = false

    public init(
        documents: Int = 640, testDocuments: Int = 90, tokens: Int = 300, labels: Int = 640, features: Features = .sparse
    ) {
        self.documents = documents
        self.testDocuments = testDocuments
        self.tokens = tokens
        self.labels = labels
        self.features = features
    }

    /// Config keys that name the feature files.
    var settings: [String] {
        let type: String
        switch features {
        case .sparse: return []
        case .sequential: type = "sequential"
        case .dense: type = "dense"
        }
        return ["feature_type=\(type)"].map { "global.\($0)" }
            + (hasLabelText ? ["trn", "tst", "lbl"] : ["trn", "tst"]).map { "global.\($0)_feat_fname=\(featureFile($0))" }
    }

    private func featureFile(_ name: String) -> String {
        switch features {
        case .sparse: "\(name)_X_Xf.txt"
        case .sequential: "\(name)_X_seq.npz"
        case .dense: "\(name)_X_Xf.npy"
        }
    }

    /// Writes the four files into `folder`. Every label has a training document; the first test document has no feature.
    func write(to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var noise = Noise(state: 42)
        let train = (0..<documents).map { document in row(&noise, certain: document % labels) }
        var test = (0..<testDocuments).map { document in row(&noise, certain: document * 7 % labels) }
        if !test.isEmpty { test[0].tokens = [] }
        for (name, rows) in [("trn", train), ("tst", test)] {
            try write(rows, "\(folder)/\(featureFile(name))")
            let labelLines = rows.map { $0.labels.map { "\($0):1" }.joined(separator: " ") }
            try write("\(folder)/\(name)_X_Y.txt", "\(rows.count) \(labels)", labelLines)
        }
        if hasLabelText { try write((0..<labels).map(text(ofLabel:)), "\(folder)/\(featureFile("lbl"))") }
        for (number, name) in Self.tokenEmbeddings.enumerated() {
            let table = DenseMatrix(rows: tokens, cols: Self.embeddingDims)
            for i in 0..<table.buffer.count { table.buffer[i] = Float(noise.below(2001) - 1000) / Float(4000 * (number + 1)) }
            try NPY.write(table, path: "\(folder)/\(name)")
        }
    }

    /// A document: tokens with weights in thousandths, ascending; and its labels.
    private struct Document {
        var tokens: [(Int, Int)]
        var labels: [Int]
    }

    private func text(ofLabel label: Int) -> Document {
        guard label % 10 != 9 else { return Document(tokens: [], labels: []) }
        return Document(tokens: Set((0..<3).map { token(label, $0) }).sorted().map { ($0, 500) }, labels: [])
    }

    /// One of the three tokens of a label.
    private func token(_ label: Int, _ k: Int) -> Int { (label * 31 + k * k * 17) % tokens }

    private func row(_ noise: inout Noise, certain label: Int) -> Document {
        var chosen: Set = [label]
        var weights: [Int: Int] = [:]
        while chosen.count < min(labels, 1 + noise.below(4)) { chosen.insert(noise.below(labels)) }
        if hasCommonLabel { chosen.insert(0) }
        for label in chosen.sorted() {
            for k in 0..<3 { weights[token(label, k), default: 0] += 200 + noise.below(800) }
        }
        for _ in 0..<4 { weights[noise.below(tokens), default: 0] += 1 + noise.below(300) }
        return Document(tokens: weights.sorted { $0.key < $1.key }, labels: chosen.sorted())
    }

    private func write(_ rows: [Document], _ path: String) throws {
        switch features {
        case .sparse:
            let lines = rows.map { $0.tokens.map { "\($0.0):\(Double($0.1) / 1000)" }.joined(separator: " ") }
            try write(path, "\(rows.count) \(tokens)", lines)
        case .sequential: try NPZ.writeCSR(path: path, matrix: CSRMatrix(cols: tokens, rows: rows.map(Self.sequence)))
        case .dense(let dims): try NPY.write(vectors(rows, dims: dims), path: path)
        }
    }

    /// Every token once for each half of a unit of its weight, in an order that is not that of their numbers.
    private static func sequence(_ document: Document) -> [(Int32, Float)] {
        let words = document.tokens.flatMap { token, weight in Array(repeating: token, count: 1 + weight / 500) }
        return words.indices.map { (Int32(words[$0 * 7 % words.count]), 1) }
    }

    /// Each document the sum of its tokens' vectors.
    private func vectors(_ rows: [Document], dims: Int) -> DenseMatrix {
        var noise = Noise(state: 7)
        let table = (0..<tokens * dims).map { _ in Float(noise.below(2001) - 1000) / 1000 }
        let matrix = DenseMatrix(rows: rows.count, cols: dims)
        for (i, document) in rows.enumerated() {
            for (token, weight) in document.tokens {
                for c in 0..<dims { matrix.row(i)[c] += table[token * dims + c] * Float(weight) / 1000 }
            }
        }
        return matrix
    }

    private func write(_ path: String, _ header: String, _ rows: [String]) throws {
        try ([header] + rows).map { $0 + "\n" }.joined().write(toFile: path, atomically: true, encoding: .utf8)
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
