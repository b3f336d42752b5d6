import Checkpoint
import Formats
import Foundation
import Inference
import Learners
import Support
import Testing
import Transport

@Suite struct ExtractionTests {
    private func model() throws -> TrainedModel { try TrainedModel.open(folder: SmallLearner.model()) }

    private func extraction(_ what: Extraction.What, _ change: (inout Extraction) -> Void = { _ in }) throws -> DenseMatrix {
        var extraction = Extraction(what)
        extraction.features = "\(try SmallLearner.job().options.datasetFolder)/tst_X_Xf.txt"
        change(&extraction)
        return try extraction.dense(of: model())
    }

    /// Every score that the learner sent, made again from what was extracted.
    private func check(part: String, module: String) throws {
        let weights = try extraction(.classifierWeights) { $0.module = module }
        let documents = try extraction(.documentEmbeddings) {
            $0.layer = .final
            $0.module = module
        }
        let scores = try #require(try ScoreFile.readParts("\(SmallLearner.results())/predictions.h5").parts[part])
        #expect(scores.nonZeros > 100)
        let dims = documents.cols
        var worst: Float = 0
        for row in 0..<scores.rows {
            for (label, score) in zip(scores.columns(row), scores.weights(row)) {
                let w = weights.row(Int(label)), z = documents.row(row)
                let logit = (0..<dims).reduce(w[dims]) { $0 + w[$1] * z[$1] }
                worst = max(worst, abs(logit - score) / max(1, abs(score)))
            }
        }
        #expect(worst < 1e-4)
    }

    @Test("Classifier weights times final embeddings are the learner's own logits")
    func logits() throws { try check(part: "clf", module: "extreme") }

    @Test("Rows of labels without a training document are zero, all others are not")
    func zeroRows() throws {
        let weights = try extraction(.classifierWeights), trained = Set(try model().labelIds.array.map(Int.init))
        #expect(weights.rows == 640 && weights.cols == 21)
        for label in 0..<640 {
            let isZero = (0..<weights.cols).allSatisfy { weights[label, $0] == 0 }
            #expect(isZero != trained.contains(label))
        }
    }

    @Test("Intermediate embeddings are the ReLU of the weighted sum of token embeddings, of unit rows of the file")
    func intermediate() throws {
        let tokens = try extraction(.tokenEmbeddings), documents = try extraction(.documentEmbeddings)
        let path = "\(try SmallLearner.job().options.datasetFolder)/tst_X_Xf.txt"
        let features = try MatrixFile.read(path: path, kind: .features, threads: 1)
        #expect(tokens.rows == 300 && tokens.cols == 20 && documents.rows == features.rows)
        var worst: Float = 0
        for row in 0..<features.rows {
            let norm = features.weights(row).reduce(0) { $0 + $1 * $1 }.squareRoot()
            for column in 0..<20 {
                let sum = zip(features.columns(row), features.weights(row)).reduce(Float(0)) {
                    $0 + $1.1 / norm * tokens[Int($1.0), column]
                }
                worst = max(worst, abs(documents[row, column] - max(0, sum)))
            }
        }
        #expect(worst < 1e-5)
    }

    @Test("The re-ranker's token embeddings are its own")
    func otherModule() throws {
        let first = try extraction(.tokenEmbeddings), second = try extraction(.tokenEmbeddings) { $0.module = "reranker" }
        #expect(first.buffer.array != second.buffer.array)
    }

    @Test("Threads do not change a bit")
    func threads() throws {
        let one = try extraction(.documentEmbeddings) { $0.layer = .final }
        let three = try extraction(.documentEmbeddings) {
            $0.layer = .final
            $0.threads = 3
        }
        #expect(one.buffer.array.map(\.bitPattern) == three.buffer.array.map(\.bitPattern))
    }

    @Test("What the model has not is refused", arguments: ["surrogate", "extrem"])
    func refused(module: String) throws {
        let failure = #expect(throws: Failure.self) { try extraction(.classifierWeights) { $0.module = module } }
        #expect(failure?.code == .usage)
        if module == "extrem" { #expect(failure?.advice == "did you mean extreme?") }
    }

    @Test("A damaged checkpoint is named, with exit code 3")
    func damaged() throws {
        let folder = try SmallLearner.copy(of: SmallLearner.model())
        defer { SmallLearner.remove(folder) }
        try flipBit("\(folder)/ckpt_extreme_2_0/shard-1-of-2.h5")
        let failure = #expect(throws: Failure.self) {
            try Extraction(.classifierWeights).matrix(of: TrainedModel.open(folder: folder))
        }
        #expect(failure?.code == .damagedCheckpoint)
        #expect(failure?.place.hasSuffix("shard-1-of-2.h5") == true)
    }

    @Test("A matrix comes back from each format", arguments: ExtractedFile.Format.allCases)
    func formats(format: ExtractedFile.Format) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("matrix-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let matrix = DenseMatrix(rows: 3, cols: 5), path = "\(folder)/m.\(format.rawValue)"
        for i in 0..<15 { matrix.buffer[i] = Float(i) / 7 }
        try ExtractedFile.write(.dense(matrix), to: path, name: "m")
        switch format {
        case .npy: #expect(try NPY.readFloatMatrix(path: path).buffer.array == matrix.buffer.array)
        case .npz: #expect(try ArrayListing.npz(path: path).map(\.shape) == [[3, 5]])
        case .h5:
            let read: Buffer<Float> = try H5File(opening: path).read("m")
            #expect(read.array == matrix.buffer.array)
        }
    }
}

extension Extraction {
    /// The matrix, of a learner whose matrices are dense.
    func dense(of model: TrainedModel) throws -> DenseMatrix {
        guard case .dense(let matrix) = try matrix(of: model) else { throw CocoaError(.fileReadUnknown) }
        return matrix
    }
}
