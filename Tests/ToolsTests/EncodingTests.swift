import Formats
import Foundation
import Inference
import Learners
import Support
import TestSupport
import Testing
import Tools

/// `encode`, of learners and of pretrained weights.
@Suite struct EncodingTests {
    private static let words = ["red", "green", "blue", "bird", "##s", "a", "of"]

    /// A BERT of a few words, whose output is the mean of its token vectors.
    private func weights(_ scratch: TemporaryFolder) throws -> String {
        let folder = scratch.file("bert"), vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + Self.words
        try SmallBERT(vocabulary: vocabulary.count + 2).write(to: folder)
        try scratch.write("bert/vocab.txt", vocabulary.joined(separator: "\n") + "\n")
        try scratch.write("texts.txt", "red birds of a bird\n\nx\tgreen blue green\nbird\n")
        return folder
    }

    private func encode(
        _ model: String, _ input: PredictionJob.Input, to path: String, _ change: (inout EncodingJob) -> Void = { _ in }
    ) throws -> (summary: EncodingSummary, rows: DenseMatrix) {
        var job = EncodingJob(model: model, input: input, output: path)
        change(&job)
        let summary = try job.run(), rows = try NPY.readFloatMatrix(path: path)
        #expect(rows.rows == summary.documents && rows.cols == summary.dims)
        return (summary, rows)
    }

    private func failure(_ model: String, _ input: PredictionJob.Input, _ change: (inout EncodingJob) -> Void) -> Failure? {
        #expect(throws: Failure.self) {
            var job = EncodingJob(model: model, input: input, output: "/tmp/\(UUID()).npy")
            change(&job)
            _ = try job.run()
        }
    }

    @Test(
        "A learner's vectors are those that extract takes out, in any chunks and threads",
        arguments: [
            TrainedLearner.oneVsAll, .layers, .slice, .sliceDense,
        ])
    func learners(kind: TrainedLearner) throws {
        let scratch = try TemporaryFolder(), path = scratch.file("x.npy"), features = try kind.features()
        for layer in [Extraction.Layer.intermediate, .final] {
            var extraction = Extraction(.documentEmbeddings)
            (extraction.features, extraction.layer) = (features, layer)
            let wanted = try extraction.dense(of: TrainedModel.open(folder: kind.model()))
            for (chunk, threads) in [(4096, 1), (7, 3)] {
                let found = try encode(kind.model() + "/", .features(features), to: path) {
                    ($0.layer, $0.chunk, $0.threads) = (layer, chunk, threads)
                }
                #expect(found.rows.buffer.array.map(\.bitPattern) == wanted.buffer.array.map(\.bitPattern))
                #expect(found.summary.documents == 61 && found.rows.cols == wanted.cols)
            }
        }
    }

    @Test("Text and the word pieces that it is cut into have the same vectors, whatever stands beside them")
    func pretrained() throws {
        let scratch = try TemporaryFolder(), folder = try weights(scratch), path = scratch.file("x.npy")
        let text = try encode(folder, .text(scratch.file("texts.txt")), to: path)
        #expect(text.summary.documents == 4 && text.summary.dims == 16 && text.summary.cut == 0)
        // [CLS] 2, [SEP] 3, [UNK] 1; words from 5 on.
        try scratch.write("seq.txt", "4 14\n2:1 5:1 8:1 9:1 11:1 10:1 8:1 3:1\n2:1 3:1\n2:1 6:1 7:1 6:1 3:1\n2:1 8:1 3:1\n")
        let pieces = try encode(folder, .features(scratch.file("seq.txt")), to: path)
        #expect(text.rows.buffer.array == pieces.rows.buffer.array)
        #expect(Set(text.rows.buffer.array).count > 60 && text.rows.buffer.array.allSatisfy { $0.isFinite })
        for (chunk, threads) in [(1, 1), (3, 2)] {
            let other = try encode(folder, .text(scratch.file("texts.txt")), to: path) {
                ($0.chunk, $0.threads) = (chunk, threads)
            }
            #expect(other.rows.buffer.array == text.rows.buffer.array, "chunk \(chunk)")
        }
    }

    @Test("Pooling, length and cut are those of sentence-transformers' files, where nobody asks for others")
    func settings() throws {
        let scratch = try TemporaryFolder(), folder = try weights(scratch), path = scratch.file("x.npy")
        let input = PredictionJob.Input.text(scratch.file("texts.txt"))
        let mean = try encode(folder, input, to: path).rows, cls = try encode(folder, input, to: path) { $0.pooling = .cls }.rows
        #expect(mean.buffer.array != cls.buffer.array)
        let types = ["Transformer", "Pooling", "Normalize"].map { "sentence_transformers.models.\($0)" }
        try scratch.write("bert/modules.json", "[\(types.map { #"{"type": "\#($0)", "path": "pool"}"# }.joined(separator: ","))]")
        try FileManager.default.createDirectory(atPath: "\(folder)/pool", withIntermediateDirectories: true)
        try scratch.write("bert/pool/config.json", #"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#)
        try scratch.write("bert/sentence_bert_config.json", #"{"max_seq_length": 5}"#)
        let found = try encode(folder, input, to: path)
        #expect(found.summary.cut == 1)
        for row in 1..<4 {
            let length = cls.elements(row).reduce(0) { $0 + $1 * $1 }.squareRoot()
            for (a, b) in zip(found.rows.elements(row), cls.elements(row)) { #expect(abs(a - b / length) < 1e-6) }
        }
        let asked = try encode(folder, input, to: path) { ($0.pooling, $0.normalises, $0.maxTokens) = (.mean, false, 64) }
        #expect(asked.summary.cut == 0 && asked.rows.buffer.array == mean.buffer.array)
        try scratch.write("bert/pool/config.json", #"{"pooling_mode_max_tokens": true, "pooling_mode_mean_tokens": true}"#)
        #expect(failure(folder, input) { _ in }?.found == "pooling_mode_max_tokens, pooling_mode_mean_tokens")
        #expect(try encode(folder, input, to: path) { $0.pooling = .cls }.rows.buffer.array == found.rows.buffer.array)
        try scratch.write("bert/modules.json", #"[{"type": "sentence_transformers.models.Dense", "path": "2_Dense"}]"#)
        #expect(failure(folder, input) { _ in }?.found == "Dense")
    }

    @Test("Of each format, complete; and what the model does not know is counted")
    func formats() throws {
        let scratch = try TemporaryFolder(), features = scratch.file("f.txt")
        try scratch.write("f.txt", "3 300\n0:1 4:0.5\n\n7:1\n")
        for format in ExtractedFile.Format.allCases {
            let job = EncodingJob(
                model: try TrainedLearner.oneVsAll.model(), input: .features(features), output: scratch.file("x.\(format)"))
            let summary = try job.run()
            #expect(summary.documents == 3 && summary.withoutFeature == 1)
            #expect(summary.text(output: "x").contains("1 of them have no feature"))
        }
        #expect(scratch.names == ["f.txt", "x.h5", "x.npy", "x.npz"])
        #expect(try ArrayListing.npz(path: scratch.file("x.npz")).map(\.shape) == [[3, 20]])
    }

    @Test("What cannot be encoded is refused by name, and nothing is left")
    func refused() throws {
        let scratch = try TemporaryFolder(), folder = try weights(scratch), learner = try TrainedLearner.oneVsAll.model()
        let text = PredictionJob.Input.text(scratch.file("texts.txt")), features = try TrainedLearner.oneVsAll.features()
        let before = scratch.names
        func refusal(
            _ model: String, _ input: PredictionJob.Input, _ change: (inout EncodingJob) -> Void = { _ in }
        ) -> String {
            let failure = failure(model, input) {
                $0.output = scratch.file("x.npy")
                change(&$0)
            }
            return "\(failure?.code.rawValue ?? 0) \(failure?.description ?? "")"
        }
        #expect(refusal(folder, text) { $0.layer = .final }.contains("leave --layer out"))
        #expect(refusal(learner, .features(features)) { $0.pooling = .cls }.contains("leave --pooling out"))
        #expect(refusal(learner, text).contains("was not prepared from text"))
        #expect(refusal(scratch.file("nowhere"), text).contains("neither a trained learner nor pretrained weights"))
        #expect(refusal(folder, .text(scratch.file("nowhere"))).contains("nowhere"))
        #expect(refusal(folder, text) { $0.maxTokens = 65 }.contains("3…64"))
        #expect(refusal(folder, text) { $0.output = scratch.file("x.csv") }.contains(".npy, .npz or .h5"))
        #expect(refusal(folder, text) { $0.output = scratch.file("no/x.npy") }.contains("the vectors cannot be written"))
        #expect(refusal(try TrainedLearner.sparseSlice.model(), .features(features)).contains("no document-embeddings"))
        #expect(refusal(folder, .features(features)).hasPrefix("2 "))
        #expect(scratch.names == before)
    }
}
