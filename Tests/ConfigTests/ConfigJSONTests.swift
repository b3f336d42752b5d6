import Formats
import Foundation
import Testing

@Suite("JSON of configs")
struct ConfigJSONTests {
    @Test func namesAreComparedByTheirBytes() throws {
        let value = try JSONValue.parse(Array("{\"\u{8C48}\": 1, \"\u{F900}\": 2}".utf8), name: "x")
        #expect(value.members?.map { $0.value.integer } == [1, 2])
    }

    @Test("values and escapes are read")
    func values() throws {
        let text = #"{"a": [1, -2.5e1, 0, true, false, null], "b": "tab\t \"q\" \u00e9 \ud83d\ude00 é"}"#
        let value = try JSONValue.parse(Array(text.utf8), name: "x")
        #expect(value["a"] == .array([.number(1), .number(-25), .number(0), .bool(true), .bool(false), .null]))
        #expect(value["b"]?.string == "tab\t \"q\" é 😀 é")
        #expect(value["c"] == nil)
    }

    @Test("what is written reads back", arguments: [0.1, 1e-300, 255, -1, 1e15, 123456.789, 9_007_199_254_740_992])
    func roundTrip(number: Double) throws {
        let value = JSONValue.object([.init("a\n\"\\\u{1}é", .array([.number(number), .null, .string("\t")]))])
        #expect(try JSONValue.parse(Array(value.text.utf8), name: "x") == value)
        #expect(try JSONValue.parse(Array(value.indentedText.utf8), name: "x") == value)
    }

    @Test("integers are exact or none", arguments: [(255.0, Optional(255)), (1.5, nil), (1e300, nil), (-3, -3)])
    func integers(number: Double, expected: Int?) { #expect(JSONValue.number(number).integer == expected) }

    /// The expected place is `line:column`.
    @Test(
        "errors name line and column",
        arguments: [
            ("{\n  \"a\": 1,\n}", "3:1"), ("{\"a\" 1}", "1:6"), ("{\"a\": 1 \"b\": 2}", "1:9"), ("[1,", "1:4"), ("", "1:1"),
            ("{\"é\": 01}", "1:7"), ("{\"a\": 1.}", "1:7"), ("{\"a\": NaN}", "1:7"), ("{\"a\": 1e999}", "1:7"),
            ("{\"a\": \"x", "1:7"), ("{\"a\": \"\\x\"}", "1:9"), ("{\"a\": \"\\u12g4\"}", "1:9"), ("{\"a\": \"\n\"}", "1:8"),
            ("{}\n{}", "2:1"), ("{\"a\": 1,\n \"a\": 2}", "2:2"), ("// no\n{}", "1:1"), ("{'a': 1}", "1:2"), ("-", "1:1"),
        ])
    func places(text: String, place: String) {
        let failure = failure { try JSONValue.parse(Array(text.utf8), name: "x.json") }
        #expect(failure?.place == "x.json:\(place)")
        #expect(failure?.code == .usage)
        #expect(failure?.expected.isEmpty == false)
    }

    @Test("bytes that are no UTF-8, and nesting without end, are refused")
    func hostile() {
        #expect(failure { try JSONValue.parse([0x22, 0xFF, 0x22], name: "x") }?.found.contains("UTF-8") == true)
        #expect(failure { try JSONValue.parse(Array(repeating: 0x5B, count: 100_000), name: "x") }?.code == .usage)
    }

    @Test("a byte order mark is skipped")
    func byteOrderMark() throws { #expect(try JSONValue.parse([0xEF, 0xBB, 0xBF, 0x31], name: "x") == .number(1)) }

    @Test("whole numbers of 64 bits stay exact", arguments: [Int.max, Int.min, (1 << 53) + 1, -(1 << 53) - 1, 1 << 53, 0])
    func wideIntegers(number: Int) throws {
        let value = try JSONValue.parse(Array("[\(number)]".utf8), name: "x")
        #expect(value == .array([.integer(number)]) && value.text == "[\(number)]")
        let copy = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
        #expect(copy == value)
    }

    @Test("texts are escaped as Foundation does")
    func escapes() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let text = String(String.UnicodeScalarView((0..<0x2200).compactMap(Unicode.Scalar.init)))
        #expect(try String(decoding: encoder.encode(text), as: UTF8.self) == JSONValue.string(text).text)
    }

    /// Every prefix and many one-byte changes of a valid text: refused, or a value that reads back from its own text.
    @Test("damaged text never traps")
    func damaged() throws {
        let text = Array(#"{"a": [1.5e-3, "\u00e9\n"], "b": {"c": null, "d": true}}"#.utf8)
        var samples = text.indices.map { Array(text[..<$0]) }
        for position in text.indices {
            for byte: UInt8 in [0, 0x22, 0x5C, 0x7B, 0x7D, 0x2C, 0x30, 0x80, 0xFF] {
                samples.append(text)
                samples[samples.count - 1][position] = byte
            }
        }
        for sample in samples {
            guard let value = try? JSONValue.parse(sample, name: "x") else { continue }
            #expect(try JSONValue.parse(Array(value.text.utf8), name: "x") == value)
        }
    }
}
