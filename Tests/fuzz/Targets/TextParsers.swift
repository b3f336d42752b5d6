import Support
import Config
import Datasets
import Formats
import Foundation
import Prepare

/// Configs, architectures, documents, tokenizers and token embeddings.
let parsers: [String: Parser] = [
    "config": { content in
        let config = try Config.parse(data: Array(content), name: "input")
        let again = try Config.parse(data: Array(config.json.utf8), name: "again")
        precondition(config == again, "a config that its own text does not give")
    },
    "arch": { content in _ = try Arch.parse(data: Array(content), name: "input", arguments: defaults) },
    "documents": { content in _ = try DocumentReader().content(of: memory(content)) },
    "label_names": { content in _ = try LabelNames(memory(content)) },
    "wordnet": { content in _ = try WordNet(memory(content)).documents() },
    "tokenizer": { content in
        let (first, rest) = halves(content)
        let vectoriser = try TextVectoriser(vocabulary: memory(first), description: memory(rest))
        _ = vectoriser.vector(of: "A text of words, and of running ones: naïve words")
    },
    "wordpiece": { content in
        let tokenizer = try WordPiece(memory(content))
        let made = tokenizer.encode("A text of words: naïve 中文 [SEP] running")
        precondition(made.ids.allSatisfy { (0..<tokenizer.columns).contains(Int($0)) })
        let again = try WordPiece(memory(Array(tokenizer.fileText.utf8)))
        precondition(again == tokenizer, "another tokenizer than was saved")
    },
    "pretrained_config": { content in
        _ = try PretrainedFolder.shape(config: memory(content))
    },
    "embeddings": { content in
        // A NumPy array has another reader.
        if content.first == 0x93 { return }
        _ = try TokenEmbeddings.read(memory(content), words: words.get(), dimensions: 6)
    },
    "fasttext_model": { content in
        _ = try TokenEmbeddings.read(
            memory([0xBA, 0x16, 0x4F, 0x2F] + Array(content)), words: words.get(), dimensions: 6)
    },
    "cache": { content in _ = try XCDataset.checked(cacheFile: cache.overwrite(content), threads: 1) },
    "names": { content in _ = try NameFile.read(memory(content), chunkBytes: 64) },
]

private let defaults = Config()
private let cache = InputFile("cache.xcd")

private let words = Result {
    let path = Array("the\nfox\ncafé\nx\nunseen\n".utf8).withUnsafeBytes(InputFile("words.txt").overwrite)
    return try TokenWords(path: path, tokens: 5)
}

/// Two files in one input: before and after the first byte 1E.
private func halves(_ content: UnsafeRawBufferPointer) -> ([UInt8], [UInt8]) {
    let cut = content.firstIndex(of: 0x1E) ?? content.count
    return (Array(content[..<cut]), Array(content[min(cut + 1, content.count)...]))
}
