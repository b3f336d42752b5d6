import Formats
import Foundation
import Support

/// WordNet's noun synsets, each with the synsets directly and indirectly above it.
public struct WordNet: Sendable {
    /// In the order of the file.
    public let synsets: [Synset]
    private let position: [String: Int]

    /// Where Debian's package wordnet-base puts the nouns.
    public static let debianFile = "/usr/share/wordnet/data.noun"

    /// Reads a data file; lines that begin with a space are its licence.
    ///
    /// - Throws: `Failure` where the file is missing (naming the package), malformed, or refers to a synset that it lacks.
    public init(file: String = WordNet.debianFile) throws {
        guard FileManager.default.fileExists(atPath: file) else {
            throw Failure(
                .usage, "WordNet's nouns are missing", at: file, expected: "the data file of Debian's package wordnet-base",
                advice: "apt-get install wordnet-base (launch/install-deps does it)")
        }
        try self.init(TextLines(path: file, expected: "WordNet's data.noun"))
    }

    package init(_ file: MappedFile) throws { try self.init(TextLines(file, expected: "WordNet's data.noun")) }

    private init(_ lines: TextLines) throws {
        var synsets = [Synset]()
        try lines.forEach { line, number in
            if line.utf8.first != UInt8(ascii: " ") { synsets.append(try Synset(line: line, at: "\(lines.path):\(number)")) }
        }
        try self.init(synsets: synsets, file: lines.path)
    }

    /// - Parameter file: named in the message where a hypernym is not among `synsets`.
    public init(synsets: [Synset], file: String) throws {
        self.synsets = synsets
        position = Dictionary(synsets.enumerated().map { ($1.offset, $0) }, uniquingKeysWith: { first, _ in first })
        for synset in synsets {
            for above in synset.hypernyms where position[above] == nil {
                throw Failure(
                    .usage, "a synset refers to one that the file lacks", at: file,
                    found: "\(synset.offset) refers to \(above)", advice: "apt-get install --reinstall wordnet-base")
            }
        }
    }

    /// One document a synset, in the order of the file; its labels are all synsets above it, sorted by name.
    public func documents() -> [Document] {
        var above = [Set<Int>?](repeating: nil, count: synsets.count)
        let names = synsets.map(\.labelName)
        return synsets.indices.map { index in
            Document(
                labels: closure(of: index, &above).map { names[$0] }.sorted(), text: synsets[index].text, title: names[index])
        }
    }

    /// The text of each synset as a label, by its name: its lemmas and its definition, or its lemmas alone where both together are
    /// one of the `unseen` texts.
    public func labelTexts(unseen: Set<String>) -> [String: String] {
        Dictionary(
            synsets.map { ($0.labelName, unseen.contains($0.text) ? $0.words : $0.text) }, uniquingKeysWith: { first, _ in first }
        )
    }

    /// Positions of all synsets above `index`; hypernyms of WordNet form no circle, and one in a broken file ends here too.
    private func closure(of index: Int, _ above: inout [Set<Int>?]) -> Set<Int> {
        if let known = above[index] { return known }
        above[index] = []
        var all = Set<Int>()
        for offset in synsets[index].hypernyms {
            guard let parent = position[offset] else { continue }
            all.insert(parent)
            all.formUnion(closure(of: parent, &above))
        }
        above[index] = all
        return all
    }
}
