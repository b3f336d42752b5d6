import Foundation
import Prepare
import TestSupport
import Testing

@Suite struct TextVectoriserTests {
    let texts = ["a b b c", "A c", "a d", "e"]

    /// N = 4; df a 3, c 2; b stands twice but in one text. idf a = ln(5/4)+1 = 1.2231436, c = ln(5/3)+1 = 1.5108256.
    @Test func weighsAsByHand() {
        let vectoriser = TextVectoriser(fitting: texts)
        #expect(vectoriser.vocabulary == ["a", "c"])
        #expect(vectoriser.documentCounts == [3, 2])
        // 2·idf(a) = 2.4462871, idf(c) = 1.5108256, norm 2.8752243.
        let vector = vectoriser.vector(of: "c A, a (b) z")
        #expect(vector.map(\.column) == [0, 1])
        #expect(abs(vector[0].weight - 0.8508161) < 1e-6)
        #expect(abs(vector[1].weight - 0.5254636) < 1e-6)
        #expect(vectoriser.vector(of: "z b").isEmpty)
    }

    @Test func minCountOneKeepsAll() {
        #expect(TextVectoriser(fitting: texts, minCount: 1).vocabulary == ["a", "b", "c", "d", "e"])
    }

    @Test func savedAndLoadedIsTheSame() throws {
        let scratch = try TemporaryFolder()
        let vectoriser = TextVectoriser(fitting: ["été a", "Été b", "b a q"])
        try vectoriser.save(to: scratch.path)
        #expect(try TextVectoriser(folder: scratch.path) == vectoriser)
        #expect(try scratch.lines("vocabulary.txt") == ["a", "b", "été"])
    }

    @Test func refusesFilesThatDoNotFit() throws {
        let scratch = try TemporaryFolder()
        try TextVectoriser(fitting: texts).save(to: scratch.path)
        let json = try scratch.lines("tokenizer.json")[0]
        _ = try scratch.write("vocabulary.txt", "a\n")
        #expect(failure { _ = try TextVectoriser(folder: scratch.path) }?.found.contains("2 counts, 1 tokens") == true)
        _ = try scratch.write("vocabulary.txt", "a\nc\n")
        _ = try scratch.write("tokenizer.json", json.replacingOccurrences(of: "\"version\":1", with: "\"version\":9"))
        #expect(failure { _ = try TextVectoriser(folder: scratch.path) }?.found.contains("version 9") == true)
        _ = try scratch.write("tokenizer.json", "{")
        #expect(failure { _ = try TextVectoriser(folder: scratch.path) }?.place == "\(scratch.path)/tokenizer.json")
    }

    @Test func labelsAreKeptByCountAndShare() {
        let documents = [["x", "all"], ["x", "y", "all"], ["y", "all", "once"], ["all"]].map { Document(labels: $0, text: "") }
        let labels = LabelCatalogue(fitting: documents, minCount: 2, maxShare: 0.5)
        #expect(labels.names == ["x", "y"])
        #expect(labels.columns(of: Document(labels: ["y", "all", "x"], text: "")) == [0, 1])
        #expect(LabelCatalogue(fitting: documents, minCount: 1, maxShare: 1).names == ["all", "once", "x", "y"])
    }
}
