import Foundation
import Prepare
import TestSupport
import Testing

/// `prepare --filter-self`: the label that a document itself is.
@Suite struct OwnLabelsTests {
    private func prepare(
        _ train: [Document], _ test: [Document], _ change: (inout Preparation) -> Void = { _ in }
    ) throws -> (train: String, test: String, summary: PreparationSummary) {
        let scratch = try TemporaryFolder()
        var preparation = Preparation(dataFolder: scratch.path, name: "Own")
        (preparation.embeddings, preparation.minCount, preparation.minLabelCount) = (nil, 1, 1)
        preparation.filtersOwn = true
        change(&preparation)
        let summary = try preparation.run(train: train, test: test)
        func content(_ part: String) throws -> String {
            try String(contentsOfFile: "\(scratch.path)/Own/filter_labels_\(part).txt", encoding: .utf8)
        }
        return (try content("train"), try content("test"), summary)
    }

    /// Labels in columns: "a cat", "dog", "horse".
    private let train = [
        Document(labels: ["dog", "a cat"], text: "a dog and more", title: " dog\n"),
        Document(labels: ["horse"], text: "a cat"), Document(labels: ["horse"], text: "horse", title: "Horse"),
    ]

    @Test func titlesAreComparedAsTheyAreButForBlanksAround() throws {
        let found = try prepare(train, [Document(labels: [], text: "horse")])
        #expect(found.train == "0 1\n1 0\n" && found.test == "0 2\n")
        let counts = try #require(found.summary.filtered)
        #expect(counts.train == 2 && counts.test == 1 && counts.amongLabels == 1)
        #expect(found.summary.description.contains("1 of them are labels of their documents"))
    }

    @Test func aLabelGoesByItsTextToo() throws {
        let texts = ["dog": "a dog and more", "horse": "dog"]
        let found = try prepare(train, [Document(labels: [], text: "a dog and more")]) {
            $0.labelText = { texts[$0] ?? "" }
        }
        #expect(found.train == "0 1\n0 2\n1 0\n" && found.test == "0 1\n")
    }

    /// Raw XC JSON: names hold numbers where titles are empty.
    @Test func whereThereAreTitlesNamesDoNotCount() throws {
        let found = try prepare(train, [Document(labels: [], text: "x", title: "dog")]) {
            $0.labelTitle = { $0 == "horse" ? "dog" : "" }
        }
        #expect(found.train == "0 2\n" && found.test == "0 2\n")
    }

    @Test func rowsAreThoseOfTheFiles() throws {
        // The first document has no label that is known, and is left out.
        let found = try prepare([Document(labels: [], text: "dog")] + train, []) { $0.dropsUnusable = true }
        #expect(found.train == "0 1\n1 0\n" && found.test.isEmpty)
    }

    @Test func noPairIsSaid() throws {
        let found = try prepare([Document(labels: ["x"], text: "one two"), Document(labels: ["x"], text: "")], [])
        #expect(found.train.isEmpty && found.test.isEmpty && found.summary.description.contains("filter files are empty"))
    }
}
