import Foundation
import Prepare
import Testing

@Suite struct TokenizerTests {
    @Test(arguments: [
        ("Crazy Glue : a commercial brand", ["crazy", "glue", "a", "commercial", "brand"]),
        ("10th-century e_mail, it's", ["10th", "century", "e", "mail", "it", "s"]),
        ("", []), (" \t -- ", []), ("x", ["x"]),
        ("Zürich ÅNGSTRÖM", ["zürich", "ångström"]),
        ("naïve—café", ["naïve", "café"]),
        ("Ελληνικά, Русский; 日本語", ["ελληνικά", "русский", "日本語"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("x² Ⅷ ½ ٣", ["x²", "ⅷ", "½", "٣"]),
        ("smile😀face", ["smile", "face"]),
        ("\u{301}a", ["a"]),
    ])
    func cuts(text: String, expected: [String]) {
        #expect(Tokenizer().tokens(of: text) == expected)
    }

    @Test func bothSpellingsOfAnAccentAreOneToken() {
        let tokens = Tokenizer().tokens(of: "caf\u{E9} cafe\u{301} CAFE\u{301}")
        #expect(Set(tokens.map { Array($0.utf8) }).count == 1)
    }

    @Test func caseIsKeptWhereAsked() {
        #expect(Tokenizer(lowerCase: false).tokens(of: "Ab Él") == ["Ab", "Él"])
    }

    /// A letter beyond ASCII anywhere takes the slow path; the rest of the text must come out the same.
    @Test func fastAndSlowPathAgree() {
        let text = String(String.UnicodeScalarView((0..<128).compactMap { Unicode.Scalar($0) }))
        let tokenizer = Tokenizer()
        #expect(tokenizer.tokens(of: text) + ["é"] == tokenizer.tokens(of: text + " é"))
    }

    /// The text is cut at ASCII separators before it is normalised: marks after them, and after letters, must do the same.
    @Test func cutsAreWhereTheyWereForTheWholeText() {
        let pieces = [
            "a", "E", "<", "=", " ", "-", "9", "\u{338}", "\u{301}", "é", "É", "İ", "Σ", "ж", "語", "가", "\u{11A8}", "ﬁ", "—",
            "\u{345}",
        ]
        for first in pieces {
            for second in pieces {
                for third in pieces {
                    let text = first + second + third
                    let bytes = Tokenizer().tokens(of: text).map { Array($0.utf8) }
                    #expect(bytes == plainTokens(text).map { Array($0.utf8) }, "\(text.unicodeScalars.map { $0.value })")
                }
            }
        }
    }

    /// The rule as the documentation says it, over the whole text.
    private func plainTokens(_ text: String) -> [String] {
        var tokens = [String.UnicodeScalarView()]
        for scalar in text.lowercased().precomposedStringWithCanonicalMapping.unicodeScalars {
            let isMark = CharacterSet.nonBaseCharacters.contains(scalar)
            if isMark ? !tokens[tokens.count - 1].isEmpty : CharacterSet.alphanumerics.contains(scalar) {
                tokens[tokens.count - 1].append(scalar)
            } else {
                tokens.append(.init())
            }
        }
        return tokens.filter { !$0.isEmpty }.map { String($0) }
    }
}
