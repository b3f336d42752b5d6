import Config
import Formats
import Reports
import Scoring
import Support

/// Some test documents with their best labels, for a person to look at: on the terminal and in the report.
package struct RankedSamples {
    /// Documents of a report.
    private static let reported = 10
    private static let labels = 5

    private let ranked: [Int: [RankKey]]
    /// Of the documents, where the data set has texts.
    package let texts: [Int: String]
    /// Of the labels that are predicted, and of the documents' own.
    package let names: [Int: String]

    /// - Parameters:
    ///   - truth: test documents × labels.
    ///   - texts: the file of the documents' texts, `labels<TAB>text` lines; nil: there is none.
    ///   - names: the file of the labels' names; nil: there is none.
    ///   - scores: of some documents.
    package init(
        truth: CSRMatrix, texts: String?, names: String?, scores: (Range<Int>) throws -> CSRMatrix
    ) throws {
        let documents = Set(SampleDocuments.choose(truth: truth) + SampleDocuments.choose(truth: truth, count: Self.reported))
        var ranked: [Int: [RankKey]] = [:], labels: Set<Int> = []
        for document in documents {
            let best = Scoring.ranking(try scores(document..<document + 1), row: 0, k: Self.labels)
            ranked[document] = best
            labels.formUnion(best.map { Int($0.label) })
            labels.formUnion(truth.columns(document).prefix(DocumentRecord.mostLabels).map(Int.init))
        }
        self.ranked = ranked
        self.texts = (texts.map { TextLines.some(documents, in: $0) } ?? [:]).mapValues { line in
            String(line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false).last ?? "")
        }
        self.names = names.map { TextLines.some(labels, in: $0) } ?? [:]
    }

    package func ranked(_ documents: [Int]) -> [(document: Int, labels: [RankKey])] { documents.map { ($0, ranked[$0] ?? []) } }

    /// Of the report's documents.
    package func records(truth: CSRMatrix) -> [DocumentRecord] {
        ranked(SampleDocuments.choose(truth: truth, count: Self.reported)).map { document, best in
            let own = truth.columns(document)
            return DocumentRecord(
                document: document, text: texts[document],
                labels: own.prefix(DocumentRecord.mostLabels).map { label in
                    .init(id: Int(label), name: names[Int(label)], isHit: best.contains { $0.label == label })
                }, labelCount: own.count,
                predicted: best.map { key in
                    .init(
                        id: Int(key.label), name: names[Int(key.label)], score: Double(key.score), isHit: own.holds(key.label))
                })
        }
    }
}

extension Config {
    /// The settings that are not as they hold where no file says anything.
    var differences: [ConfigDifference] {
        guard let own = try? JSONValue.parse(Array(json.utf8), name: "config"),
            let standard = try? Config.parse(data: "{}".utf8, name: "", schema: schema),
            let other = try? JSONValue.parse(Array(standard.json.utf8), name: "config")
        else { return [] }
        return ConfigDifference.between(own, and: other)
    }

    /// The settings that are not as the file has them, such as those of `--set`; the data set's name is no setting.
    var changes: [ConfigChange] {
        guard let fileText, let own = try? JSONValue.parse(Array(json.utf8), name: "config"),
            let file = try? JSONValue.parse(Array(fileText.utf8), name: "config")
        else { return [] }
        return ConfigChange.between(own, and: file).filter { $0.key != "global.dataset" }
    }
}
