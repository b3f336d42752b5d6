import Formats
import Foundation
import Support
import TestSupport
import Testing

@Suite struct XCTextTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(_ text: String, _ kind: MatrixFile.Kind = .features, pieceBytes: Int = 1 << 20) throws -> CSRMatrix {
        try MatrixFile.read(path: folder.write("f.txt", text), kind: kind, threads: 2, pieceBytes: pieceBytes)
    }

    private func expectSmall(_ m: CSRMatrix, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(m.rows == 3 && m.cols == 5, sourceLocation: sourceLocation)
        #expect(m.starts.array == [0, 2, 2, 3], sourceLocation: sourceLocation)
        #expect(m.indices.array == [0, 4, 2], sourceLocation: sourceLocation)
        #expect(m.values?.array == [1.5, 2, 0.25], sourceLocation: sourceLocation)
    }

    @Test(
        "one matrix, however its lines end and its entries are spaced",
        arguments: [
            "3 5\n0:1.5 4:2\n\n2:0.25\n", "3 5\n0:1.5 4:2\n\n2:0.25", "3 5\r\n0:1.5 4:2\r\n\r\n2:0.25\r\n",
            "3 5\r\n0:1.5 4:2\r\n\r\n2:0.25", "3\t5 \n 0:1.5\t 4:2 \n  \n2:0.25 \t\n", "\u{FEFF}3 5\n0:1.5 4:2\n\n2:0.25\n",
            "3 5\n0:+1.5 4:2.\n\n2:.25\n", "3 5\n0:15e-1 4:0.2E+1\n\n002:00.250\n", "3 5\n0:1.5 3:0 4:2\n1:0.0\n2:0.25\n",
            "3 5\n0:1.5 3:-0 4:2\n1:1e-99\n2:0.25 3:0",
        ])
    func accepts(_ text: String) throws {
        for pieceBytes in [1, 3, 7, 1 << 20] { expectSmall(try read(text, pieceBytes: pieceBytes)) }
    }

    @Test func labelsAreBinary() throws {
        let m = try read("3 5\n0:1 4:1.0\n2:0\n2:1\n", .labels)
        #expect(m.values == nil)
        #expect(m.starts.array == [0, 2, 2, 3] && m.indices.array == [0, 4, 2])
    }

    @Test func acceptsNoRows() throws {
        let m = try read("0 0\n")
        #expect(m.rows == 0 && m.cols == 0 && m.nonZeros == 0)
        #expect(try read("0 7").cols == 7)
    }

    @Test("the float nearest to each decimal, by exact arithmetic (Tests/oracles/xcdata_oracle.py)")
    func floatsAreCorrectlyRounded() throws {
        let cases = try #require(try JSONSerialization.jsonObject(with: oracle("floats.json")) as? [[Any]])
        #expect(cases.count > 2000)
        // A marker after each value keeps a row where the value itself is zero.
        let text = "\(cases.count) 2\n" + cases.map { "0:\($0[0]) 1:1\n" }.joined()
        let m = try read(text)
        for (row, expected) in cases.enumerated() {
            let found = m.columns(row).count == 2 ? m.weights(row)[0].bitPattern : 0
            #expect(Int(found) == expected[1] as? Int, "\(expected[0])")
        }
    }

    @Test func everyLengthOfDigits() throws {
        for whole in 1...12 {
            for fraction in 0...12 {
                let number = String("1234567890123".prefix(whole)) + (fraction > 0 ? "." + "9876543210987".prefix(fraction) : "")
                #expect(try read("1 1\n0:\(number)").values?.array == [Float(number)!], "\(number)")
                #expect(
                    try read("1 1\n0:\(number)\n\n".replacing("1 1", with: "2 1")).values?.array == [Float(number)!], "\(number)")
            }
        }
    }

    @Test func piecesDoNotMatter() throws {
        var random = SystemRandomNumberGenerator()
        var text = ""
        for _ in 0..<500 {
            let columns = (0..<Int.random(in: 0...12, using: &random)).map { _ in Int.random(in: 0..<100_000, using: &random) }
            text +=
                Set(columns).sorted().map { "\($0):\(Int.random(in: 0...999, using: &random)).5" }.joined(separator: " ") + "\n"
        }
        let whole = try read("500 100000\n" + text, pieceBytes: .max >> 1)
        for pieceBytes in [1, 17, 100, 1000] {
            let cut = try read("500 100000\n" + text, pieceBytes: pieceBytes)
            #expect(cut.starts.array == whole.starts.array && cut.indices.array == whole.indices.array)
            #expect(cut.values?.array == whole.values?.array)
        }
    }
}
