import Datasets
import Foundation
import Learners
import Support
import TestSupport
import Testing
import Training
import WorkerChecks

/// Learners whose transformer starts from a folder of weights.
@Suite struct PretrainedLearnerTests {
    /// What `SampleArch.transformer` has, for the 200 tokens of a small case.
    private struct Sizes {
        var vocabulary = 200, hidden = 16, layers = 2, heads = 4, inner = 24

        var config: String {
            """
            {"model_type": "bert", "hidden_size": \(hidden), "num_hidden_layers": \(layers), "num_attention_heads": \(heads),
             "intermediate_size": \(inner), "vocab_size": \(vocabulary), "max_position_embeddings": 64, "type_vocab_size": 2,
             "hidden_act": "gelu", "layer_norm_eps": 1e-12}
            """
        }

        var arrays: [(name: String, shape: [Int])] {
            var arrays: [(String, [Int])] = [
                ("word_embeddings.weight", [vocabulary, hidden]), ("position_embeddings.weight", [64, hidden]),
                ("token_type_embeddings.weight", [2, hidden]), ("LayerNorm.weight", [hidden]), ("LayerNorm.bias", [hidden]),
            ].map { ("embeddings.\($0)", $1) }
            for layer in 0..<layers {
                let parts = [
                    ("attention.self.query", hidden, hidden), ("attention.self.key", hidden, hidden),
                    ("attention.self.value", hidden, hidden), ("attention.output.dense", hidden, hidden),
                    ("intermediate.dense", inner, hidden), ("output.dense", hidden, inner),
                ]
                for (part, rows, cols) in parts {
                    arrays.append(("encoder.layer.\(layer).\(part).weight", [rows, cols]))
                    arrays.append(("encoder.layer.\(layer).\(part).bias", [rows]))
                }
                for norm in ["attention.output.LayerNorm", "output.LayerNorm"] {
                    for part in ["weight", "bias"] { arrays.append(("encoder.layer.\(layer).\(norm).\(part)", [hidden])) }
                }
            }
            return arrays
        }

        func write(to folder: String) throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try config.write(toFile: "\(folder)/config.json", atomically: true, encoding: .utf8)
            let bytes = safetensors(arrays) { Float(0.3 * sin(Double($0) * 1.7)) }
            try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/model.safetensors"))
        }
    }

    private func job(_ scratch: Scratch, _ name: String, _ settings: [String]) throws -> LearnerJob {
        var small = SmallCase(.ova, .transformer)
        small.settings =
            [
                "global.use_reranker=false", "extreme.optim=AdamW", "extreme.weight_decay=0.1", "extreme.layer_decay=0.8",
                "extreme.clip_norm=0.5", "extreme.lr_schedule=linear", "extreme.warmup=0.3", "extreme.epsilon=1e-10",
            ] + settings
        return try LearnerJob(folder: scratch(name), small)
    }

    @Test func anyNumberOfWorkersHasTheSameBits() throws {
        let scratch = try Scratch(), folder = scratch("weights")
        try Sizes().write(to: folder)
        let learner = try LearnerComparison { path in
            let job = try job(scratch, "job", ["extreme.init=pretrained", "extreme.pretrained=\(folder)"])
            return job.moved(to: path)
        }
        try learner.expectTrained(["extreme.encoder", "extreme.layers", "extreme.classifier.weight"])
        try learner.hasTheSameBits(workers: 2, threads: 2)
        try learner.hasTheSameBits(workers: 5, threads: 1)
        try learner.goesOn(after: .look(3), workers: 2, others: 1)
        let random = try job(scratch, "random", ["extreme.init=random"])
        #expect(try random.run(workers: 1) == 0)
        #expect(try LearnerOutcome(of: random).arrays["extreme.layers"] != learner.expected.arrays["extreme.layers"])
    }

    @Test func weightsThatDoNotFitAreRefused() throws {
        let scratch = try Scratch()
        func refusal(_ name: String, _ sizes: Sizes?, folder: String? = nil) throws -> Failure? {
            let folder = folder ?? scratch(name)
            try sizes?.write(to: folder)
            let options = try job(scratch, "job", ["extreme.init=pretrained", "extreme.pretrained=\(folder)"]).options
            let data = try XCDataset.open(
                files: XCDatasetFiles(folder: options.datasetFolder, global: options.config.global, normalize: false),
                cacheFolder: scratch("cache"), threads: 1, writesCache: false)
            do { try options.checkArchitecture(data) } catch let failure as Failure { return failure }
            return nil
        }
        #expect(try refusal("good", Sizes()) == nil)
        #expect(try refusal("none", nil)?.found == "no such folder")
        #expect(try refusal("unsaid", nil, folder: "")?.problem == "no folder of pretrained weights")
        #expect(try refusal("tokens", Sizes(vocabulary: 199))?.found == "200 tokens")
        #expect(try refusal("layers", Sizes(layers: 3))?.found == "num_layers 3")
        #expect(try refusal("hidden", Sizes(hidden: 32))?.found == "hidden_size 32")
        #expect(try refusal("heads", Sizes(heads: 2))?.found == "num_heads 2")
        #expect(try refusal("inner", Sizes(inner: 25))?.found == "intermediate_size 25")
    }
}
