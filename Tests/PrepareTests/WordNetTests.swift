import Prepare
import Testing

@Suite struct WordNetTests {
    static let whole =
        #"00003553 03 n 02 whole 0 unit_of_it 0 004 @ 00002684 n 0000 + 01462023 v 0204 @i 00001930 n 0000 ~ 00003993 n 0000 "#
        + #"| an assemblage; a "single" entity; "how big is that part?"; "the team"  "#

    @Test func parsesALine() throws {
        let synset = try Synset(line: Self.whole, at: "data.noun:1")
        #expect(synset.offset == "00003553")
        #expect(synset.lemmas == ["whole", "unit_of_it"])
        #expect(synset.hypernyms == ["00002684", "00001930"])
        #expect(synset.definition == #"an assemblage; a "single" entity"#)
        #expect(synset.text == #"whole unit of it : an assemblage; a "single" entity"#)
        #expect(synset.labelName == "whole.00003553")
    }

    @Test func wordCountIsHexadecimal() throws {
        let words = (0..<16).map { "w\($0) 0" }.joined(separator: " ")
        let synset = try Synset(line: "00000001 03 n 10 \(words) 000 | many", at: "x:1")
        #expect(synset.lemmas.count == 16 && synset.hypernyms.isEmpty)
    }

    @Test func aVerbAboveIsNoHypernym() throws {
        #expect(try Synset(line: "00000001 03 n 01 a 0 001 @ 00000002 v 0000 | b", at: "x:1").hypernyms.isEmpty)
    }

    @Test(arguments: [
        "", "00003553 03 n 01 whole 0 000", "0003553 03 n 01 whole 0 000 | short offset",
        "00003553 03 n 0x whole 0 000 | no count",
        "00003553 03 n 02 whole 0 | too few words", "00003553 03 n 01 whole 0 002 @ 00002684 n 0000 | too few pointers",
        "00003553 03 n 00 000 | no word", "00003553 03 n 7fffffffffffffff whole 0 000 | more words than a number can double",
        "00003553 03 n 01 whole 0 9223372036854775807 | more pointers than a number can quadruple",
    ])
    func refusesBrokenLines(line: String) {
        #expect(failure { _ = try Synset(line: line, at: "data.noun:7") }?.place == "data.noun:7")
    }

    /// d is above nothing else twice: by b and by c.
    @Test func labelsAreAllSynsetsAbove() throws {
        let lines = [
            "00000001 03 n 01 d 0 000 | top", "00000002 03 n 01 b 0 001 @ 00000001 n 0000 | x",
            "00000003 03 n 01 c 0 001 @i 00000001 n 0000 | y",
            "00000004 03 n 02 a_a 0 e 0 002 @ 00000003 n 0000 @ 00000002 n 0000 | z",
        ]
        let net = try WordNet(synsets: try lines.map { try Synset(line: $0, at: "x:1") }, file: "x")
        let documents = net.documents()
        #expect(documents[0] == Document(labels: [], text: "d : top", title: "d.00000001"))
        #expect(documents[2].labels == ["d.00000001"])
        #expect(
            documents[3]
                == Document(labels: ["b.00000002", "c.00000003", "d.00000001"], text: "a a e : z", title: "a_a.00000004"))
    }

    @Test func refusesAHypernymThatIsNotThere() throws {
        let synset = try Synset(line: "00000002 03 n 01 b 0 001 @ 00000001 n 0000 | x", at: "x:1")
        #expect(failure { _ = try WordNet(synsets: [synset], file: "x") }?.found == "00000002 refers to 00000001")
    }

    @Test func aMissingFileNamesThePackage() {
        let failure = failure { _ = try WordNet(file: "/nowhere/data.noun") }
        #expect(failure?.advice.contains("wordnet-base") == true && failure?.code == .usage)
    }
}
