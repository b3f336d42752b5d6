import Support
import Config
import Datasets
import Formats
import Foundation
import Prepare

/// Configs, architectures, documents, tokenizers and token embeddings.
let textParsers: [String: Parser] = [
    "config": { content in
        let config = try Config.parse(data: Array(content), name: "input")
        let again = try Config.parse(data: Array(config.json.utf8), name: "again")
        precondition(config == again, "a config that its own text does not give")
    },
    "arch": { content in _ = try Arch.parse(data: Array(content), name: "input", arguments: Config()) },
    "documents": { content in _ = try DocumentReader().content(of: documents.write(content)) },
    "label_names": { content in _ = try LabelNames(file: labels.write(content)) },
    "wordnet": { content in _ = try WordNet(file: documents.write(content)).documents() },
    "tokenizer": { content in
        let (first, rest) = halves(content)
        _ = vocabulary.write(first)
        _ = tokenizer.write(rest)
        let vectoriser = try TextVectoriser(folder: InputFile.folder)
        _ = vectoriser.vector(of: "A text of words, and of running ones: naïve words")
    },
    "wordpiece": { content in
        let tokenizer = try WordPiece(file: pieces.write(content))
        let made = tokenizer.encode("A text of words: naïve 中文 [SEP] running")
        precondition(made.ids.allSatisfy { (0..<tokenizer.columns).contains(Int($0)) })
        try tokenizer.save(to: InputFile.folder)
        let again = try WordPiece(file: "\(InputFile.folder)/\(WordPiece.fileName)")
        precondition(again == tokenizer, "another tokenizer than was saved")
    },
    "pretrained_config": { content in
        _ = modelConfig.write(content)
        _ = try PretrainedFolder.shape(path: InputFile.folder)
    },
    "embeddings": { content in
        _ = try TokenEmbeddings.read(path: vectors.write(content), words: try words(), dimensions: 6)
    },
    "fasttext_model": { content in
        _ = try TokenEmbeddings.read(
            path: vectors.write([0xBA, 0x16, 0x4F, 0x2F] + Array(content)), words: try words(), dimensions: 6)
    },
    "names": { content in _ = try NameFile.read(MappedFile(path: "input", content: content), chunkBytes: 1 << 10) },
    "cache": { content in _ = try XCDataset.checked(cacheFile: cache.write(content), threads: 1) },
]

private let documents = InputFile("documents")
private let labels = InputFile("labels")
private let vocabulary = InputFile("vocabulary.txt")
private let tokenizer = InputFile("tokenizer.json")
private let pieces = InputFile("pieces.json")
private let modelConfig = InputFile("config.json")
private let vectors = InputFile("vectors")
private let cache = InputFile("cache.xcd")
private let wordFile = InputFile("words.txt").write(Array("the\nfox\ncafé\nx\nunseen\n".utf8))

private func words() throws -> TokenWords { try TokenWords(path: wordFile, tokens: 5) }

/// Two files in one input: before and after the first byte 1E.
private func halves(_ content: UnsafeRawBufferPointer) -> ([UInt8], [UInt8]) {
    let cut = content.firstIndex(of: 0x1E) ?? content.count
    return (Array(content[..<cut]), Array(content[min(cut + 1, content.count)...]))
}
