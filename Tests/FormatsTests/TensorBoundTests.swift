import Formats
import Foundation
import Support
import TestSupport
import Testing

/// What a file of arrays, and the files beside it, may say: all types, and the ends of all ranges.
@Suite struct TensorBoundTests {
    /// Bits of an element by the format's own table (huggingface/safetensors, `Dtype::bitsize`).
    @Test(arguments: [
        ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("BOOL", 8), ("U8", 8), ("I8", 8), ("F8_E5M2", 8), ("F8_E4M3", 8),
        ("F8_E8M0", 8), ("F8_E5M2FNUZ", 8), ("F8_E4M3FNUZ", 8), ("I16", 16), ("U16", 16), ("F16", 16), ("BF16", 16),
        ("I32", 32), ("U32", 32), ("F32", 32), ("I64", 64), ("U64", 64), ("F64", 64), ("C64", 64),
    ])
    func bitsOfAType(type: String, bits: Int) throws {
        let folder = try TemporaryFolder()
        func isRead(_ extent: Int, bytes: Int) throws -> Bool {
            let header = #"{"a":{"dtype":"\#(type)","shape":[\#(extent)],"data_offsets":[0,\#(bytes)]}}"#
            let path = try folder.write("a", safetensors(header: header, [UInt8](repeating: 0, count: bytes)))
            do { return try SafetensorsFile(path: path)["a"]?.type == type } catch {
                #expect((error as? Failure)?.problem == "an array's bytes are not what type and shape need")
                return false
            }
        }
        for extent in [0, 4, 8, 24] {
            #expect(try isRead(extent, bytes: extent * bits / 8) && !isRead(extent, bytes: extent * bits / 8 + 1))
        }
        #expect(try isRead(1, bytes: bits / 8) == (bits % 8 == 0), "no whole number of bytes")
    }

    @Test func typesThatAreRead() throws {
        let folder = try TemporaryFolder()
        func floats(_ type: String, _ bytes: [UInt8], shape: String) throws -> DenseMatrix {
            let header = #"{"a":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[0,\#(bytes.count)]}}"#
            return try SafetensorsFile(path: folder.write("a", safetensors(header: header, bytes))).floats("a")
        }
        let one: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]
        #expect(try floats("F32", one, shape: "[2]").buffer.array == [1, 2])
        #expect(try floats("F16", [0, 0x3C, 0, 0x40], shape: "[2]").buffer.array == [1, 2])
        #expect(try floats("BF16", [0x80, 0x3F, 0, 0x40], shape: "[2]").buffer.array == [1, 2])
        for (shape, rows, cols) in [("[2]", 1, 2), ("[2,1]", 2, 1), ("[1,2]", 1, 2), ("[1,1,2]", 1, 2), ("[2,1,1]", 2, 1)] {
            let matrix = try floats("F32", one, shape: shape)
            #expect((matrix.rows, matrix.cols) == (rows, cols), "\(shape)")
        }
        let empty = try floats("F32", [], shape: "[0,3]")
        #expect(empty.rows == 0 && empty.buffer.count == 0)
    }

    /// Names of a hundred bytes are shown whole, longer ones are cut.
    @Test func namesInMessages() throws {
        let folder = try TemporaryFolder()
        func place(_ length: Int) throws -> String {
            let header = #"{"\#(String(repeating: "n", count: length))":1}"#
            let path = try folder.write("a", safetensors(header: header, []))
            do { _ = try SafetensorsFile(path: path) } catch {
                return String((error as? Failure)?.place.dropFirst(path.count) ?? "")
            }
            return "read"
        }
        let whole = try place(100), cut = try place(101)
        #expect(whole.filter { $0 == "n" }.count == 100 && cut.filter { $0 == "n" }.count == 100)
        #expect(!whole.contains("…") && cut.contains("…") && cut.count == whole.count + 1, "\(whole) \(cut)")
    }

    private static func bert(_ changes: [String: String] = [:]) -> String {
        var sizes = [
            "model_type": "\"bert\"", "hidden_size": "4", "num_hidden_layers": "2", "num_attention_heads": "2",
            "intermediate_size": "6", "vocab_size": "5", "max_position_embeddings": "3", "type_vocab_size": "2",
        ]
        for (key, value) in changes { sizes[key] = value }
        return "{" + sizes.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",") + "}"
    }

    private func shape(_ changes: [String: String]) throws -> TransformerShape? {
        let folder = try TemporaryFolder()
        try folder.write("config.json", Self.bert(changes))
        do { return try PretrainedFolder.shape(path: folder.path) } catch {
            #expect((error as? Failure)?.code == .usage)
            return nil
        }
    }

    @Test func sizesOfAnEncoder() throws {
        let most = 1 << 24
        for key in ["vocab_size", "intermediate_size", "max_position_embeddings", "type_vocab_size", "hidden_size"] {
            let least = key == "hidden_size" ? "2" : "1"
            #expect(try shape([key: least]) != nil && shape([key: "\(most)"]) != nil, "\(key)")
            #expect(try shape([key: "0"]) == nil && shape([key: "\(most + 1)"]) == nil && shape([key: "-1"]) == nil, "\(key)")
        }
        #expect(try shape(["num_hidden_layers": "0"])?.layers == 0 && shape(["num_hidden_layers": "1024"])?.layers == 1024)
        #expect(try shape(["num_hidden_layers": "1025"]) == nil && shape(["num_hidden_layers": "-1"]) == nil)
        #expect(try shape(["num_attention_heads": "1"])?.heads == 1 && shape(["num_attention_heads": "4"])?.heads == 4)
        #expect(try shape(["num_attention_heads": "3"]) == nil && shape(["num_attention_heads": "0"]) == nil)
        // What a file leaves out: epsilon as BERT's, gelu.
        let plain = try #require(try shape([:]))
        #expect(plain.epsilon == 1e-12 && plain.activation == .gelu)
        #expect(try shape(["layer_norm_eps": "0.1"])?.epsilon == 0.1 && shape(["layer_norm_eps": "1e-7"])?.epsilon == 1e-7)
        #expect(try shape(["layer_norm_eps": "0.11"]) == nil && shape(["layer_norm_eps": "0"]) == nil)
        #expect(
            try shape(["hidden_act": "\"gelu_pytorch_tanh\""])?.activation == .geluTanh && shape(["hidden_act": "\"x\""]) == nil)
        #expect(try shape(["is_decoder": "false"]) != nil && shape(["is_decoder": "true"]) == nil)
        #expect(try shape(["add_cross_attention": "true"]) == nil && shape(["position_embedding_type": "\"absolute\""]) != nil)
    }

    /// A hundred characters of what a config says are shown.
    @Test func longValuesAreCut() throws {
        let folder = try TemporaryFolder()
        try folder.write("config.json", Self.bert(["model_type": "\"\(String(repeating: "x", count: 200))\""]))
        let failure = #expect(throws: Failure.self) { try PretrainedFolder.shape(path: folder.path) }
        #expect(failure?.found == String(repeating: "x", count: 100))
    }

    /// Of a folder without weights twelve names are shown.
    @Test(arguments: [1, 12, 13]) func filesOfAFolder(count: Int) throws {
        let folder = try TemporaryFolder()
        for number in 0..<count { try folder.write("f\(String(format: "%02d", number))", "x") }
        let failure = #expect(throws: Failure.self) { try SafetensorsFolder(path: folder.path) }
        #expect(failure?.found.split(separator: ",").count == min(count, 12))
        #expect(failure?.advice.hasPrefix("check the path") == true)
        let empty = try TemporaryFolder(), none = #expect(throws: Failure.self) { try SafetensorsFolder(path: empty.path) }
        #expect(none?.found == "an empty folder")
    }
}

/// What sentence-transformers' files say of a folder of weights.
@Suite struct SentenceSettingsTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.file("1_Pooling"), withIntermediateDirectories: true)
    }

    private func settings(_ pooling: SentenceSettings.Pooling? = nil) throws -> SentenceSettings {
        try SentenceSettings(folder: folder.path, pooling: pooling)
    }

    private func found() -> String? {
        do { _ = try settings() } catch { return (error as? Failure)?.found }
        return nil
    }

    @Test func aFolderThatSaysNothing() throws {
        let plain = try settings()
        #expect(plain.pooling == .mean && !plain.normalises && plain.maxTokens == nil)
        #expect(try settings(.cls).pooling == .cls)
    }

    @Test func modules() throws {
        func module(_ type: String, _ path: String) -> String {
            #"{"type": "sentence_transformers.models.\#(type)", "path": "\#(path)"}"#
        }
        try folder.write("modules.json", "[\(module("Transformer", "")), \(module("Pooling", "1_Pooling"))]")
        #expect(try !settings().normalises && settings().pooling == .mean)
        try folder.write(
            "modules.json", "[\(module("Transformer", "")), \(module("Pooling", "1_Pooling")), \(module("Normalize", "2"))]")
        #expect(try settings().normalises)
        try folder.write("1_Pooling/config.json", #"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#)
        #expect(try settings().pooling == .cls && settings(.mean).pooling == .mean)
        try folder.write("1_Pooling/config.json", #"{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}"#)
        #expect(try settings().pooling == .mean)
        try folder.write("1_Pooling/config.json", #"{"pooling_mode_max_tokens": true, "pooling_mode_mean_tokens": true}"#)
        #expect(found() == "pooling_mode_max_tokens, pooling_mode_mean_tokens")
        try folder.write("modules.json", "[\(module("Dense", "3"))]")
        #expect(found() == "Dense")
        for path in ["", "..", "a/b"] {
            try folder.write("modules.json", "[\(module("Pooling", path))]")
            #expect(found() == path)
        }
        try folder.write("modules.json", "[\(module(String(repeating: "D", count: 120), "3"))]")
        #expect(found() == String(repeating: "D", count: 100))
    }

    @Test func tokensOfAText() throws {
        for (text, count) in [
            ("{}", nil), (#"{"max_seq_length": null}"#, nil), (#"{"max_seq_length": 1}"#, 1), (#"{"max_seq_length": 256}"#, 256),
        ] {
            try folder.write("sentence_bert_config.json", text)
            #expect(try settings().maxTokens == count)
        }
        for value in ["0", "-1", "1.5", "\"8\""] {
            try folder.write("sentence_bert_config.json", "{\"max_seq_length\": \(value)}")
            #expect(found() == value)
        }
    }
}
