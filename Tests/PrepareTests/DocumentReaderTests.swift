import Foundation
import Prepare
import TestSupport
import Testing

@Suite struct DocumentReaderTests {
    @Test func readsTSV() throws {
        let file = try TemporaryFolder()
        let path = try file.write("a.tsv", "\u{FEFF}x|y y\tsome text\tand more\r\n\tno label\r\n{z|x|x\té")
        #expect(
            try DocumentReader.read(path) == [
                Document(labels: ["x", "y y"], text: "some text\tand more"), Document(labels: [], text: "no label"),
                Document(labels: ["{z", "x"], text: "é"),
            ])
    }

    @Test func aTSVMayBeginWithABrace() throws {
        let file = try TemporaryFolder()
        #expect(try DocumentReader.read(try file.write("a", "{set}\ttext\n")) == [Document(labels: ["{set}"], text: "text")])
    }

    @Test func aFirstDocumentMayBeEmpty() throws {
        let file = try TemporaryFolder()
        let documents = try DocumentReader.read(try file.write("a", "x\ttext\n\t\n"))
        #expect(documents == [Document(labels: ["x"], text: "text"), Document(labels: [], text: "")])
    }

    @Test("of a split, training documents come first") func splits() {
        func counts(_ count: Int) -> [Int] {
            let parts = DemoData.split((0..<count).map { Document(labels: [], text: "\($0)") }, seed: 0)
            return [parts.train.count, parts.test.count]
        }
        #expect([0, 1, 2, 5, 10].map(counts) == [[0, 0], [1, 0], [1, 1], [4, 1], [8, 2]])
    }

    @Test("blanks around a label's name are no part of it") func blanksAroundLabels() throws {
        let file = try TemporaryFolder()
        let wanted = [Document(labels: ["cat", "pet"], text: "a"), Document(labels: ["cat", "big  pet"], text: " b ")]
        let tsv = try file.write("a.tsv", "cat|pet\ta\n cat | big  pet\u{A0}|cat\t b \n")
        #expect(try DocumentReader.read(tsv) == wanted)
        let json =
            #"{"text": "a", "labels": ["cat ", "pet", "cat"]}"# + "\n" + #"{"text": " b ", "labels": [" cat", "big  pet "]}"#
        #expect(try DocumentReader.read(try file.write("a.jsonl", json)) == wanted)
        #expect(failure { _ = try DocumentReader.read(try file.write("b.tsv", "cat| \ta\n")) }?.problem == "a label has no name")
    }

    @Test(
        "a JSON array, or an object over several lines, is named", arguments: ["[", "[{\"text\": \"a\", \"labels\": []}]", "{"])
    func wholeJSON(_ line: String) throws {
        let file = try TemporaryFolder()
        let found = failure { _ = try DocumentReader.read(try file.write("a.json", "\(line)\n\n")) }
        #expect(
            found?.place.hasSuffix("a.json:1") == true && found?.advice.contains("jq -c") == true, "\(String(describing: found))")
    }

    @Test func readsJSONLines() throws {
        let file = try TemporaryFolder()
        let path = try file.write(
            "a.jsonl",
            #"{"text": "one\ntwo", "labels": ["x", "y"], "id": 3}"# + "\n" + #"{"labels": [], "text": "é"}"# + "\n\n"
                + #"{"labels": [7, "é"], "text": ""}"# + "\n")
        let failure = failure { _ = try DocumentReader.read(path) }
        #expect(failure?.place == "\(path):3")  // a blank line between documents shifts no row: it is refused
        let good = try file.write(
            "b.jsonl", #"{"text": "one\ntwo", "labels": ["x", "y"], "id": 3}"# + "\n" + #"{"labels": [7, "é"], "text": ""}"#)
        #expect(
            try DocumentReader.read(good) == [
                Document(labels: ["x", "y"], text: "one\ntwo"), Document(labels: ["7", "é"], text: ""),
            ])
    }

    @Test(arguments: [
        ("no tab here", "has no tab"), ("", "is empty"), ("x||y\ttext", "has no name"), ("x|\ttext", "has no name"),
        ("x\u{1}\ttext", "control character"),
    ])
    func refusesBadTSV(line: String, problem: String) throws {
        let file = try TemporaryFolder()
        let path = try file.write("a.tsv", "x\tgood\n\(line)\nx\tgood\n")
        let failure = failure { _ = try DocumentReader.read(path) }
        #expect(failure?.place == "\(path):2")
        #expect(failure?.problem.contains(problem) == true)
        #expect(failure?.code == .usage)
    }

    @Test(arguments: [
        (#"{"text": "a"}"#, "\"labels\" is missing"), (#"{"text": 3, "labels": []}"#, "\"text\" is of another type"),
        (#"{"text": "a", "labels": "x"}"#, "\"labels\" is of another type"), (#"{"text": "a", "#, "does not parse"),
        ("x\ttext", "does not parse"), (#"{"text": "a", "labels": ["p|q"]}"#, "\"p|q\""),
        (#"{"text": "a", "labels": [""]}"#, "\"\""),
    ])
    func refusesBadJSON(line: String, found: String) throws {
        let file = try TemporaryFolder()
        let path = try file.write("a.jsonl", #"{"text": "good", "labels": []}"# + "\n\(line)\n")
        let failure = failure { _ = try DocumentReader.read(path) }
        #expect(failure?.place == "\(path):2")
        #expect(failure?.found.contains(found) == true, "\(String(describing: failure))")
    }

    @Test func refusesWhatIsNoText() throws {
        let file = try TemporaryFolder()
        let latin = try file.write("latin", Data("x\tgood\nx\tcaf".utf8) + Data([0xE9, 0x0A]))
        #expect(failure { _ = try DocumentReader.read(latin) }?.place == "\(latin):2")
        #expect(failure { _ = try DocumentReader.read("\(file.path)/none") }?.problem == "the file is missing")
        #expect(failure { _ = try DocumentReader.read(file.path) }?.problem == "this is a folder")
        #expect(failure { _ = try DocumentReader.read(try file.write("empty", "\n\n")) }?.problem.contains("no document") == true)
    }
}
