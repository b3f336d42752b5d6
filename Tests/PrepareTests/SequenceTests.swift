import Foundation
import Prepare
import TestSupport
import Testing

@Suite struct SequenceTests {
    let train = [
        Document(labels: ["x", "y"], text: "red green red"), Document(labels: ["x"], text: "green, blue! red"),
        Document(labels: ["y"], text: "nothing"),
    ]

    private func preparation(_ scratch: TemporaryFolder) -> Preparation {
        var preparation = Preparation(dataFolder: scratch.path, name: "Own")
        preparation.embeddings = nil
        preparation.minLabelCount = 1
        return preparation
    }

    /// green 0, red 1: in the order of the text, repeats kept, unknown words left out.
    @Test func orderAndRepeatsAreKept() throws {
        let scratch = try TemporaryFolder()
        try preparation(scratch).run(train: train, test: [Document(labels: [], text: "blue red red green")])
        #expect(try member("indices", "\(scratch.path)/Own/trn_X_seq.npz") as [Int32] == [1, 0, 1, 0, 1])
        #expect(try member("indptr", "\(scratch.path)/Own/trn_X_seq.npz") as [Int32] == [0, 3, 5, 5])
        #expect(try member("data", "\(scratch.path)/Own/trn_X_seq.npz") as [Float] == [1, 1, 1, 1, 1])
        #expect(try member("shape", "\(scratch.path)/Own/trn_X_seq.npz") as [Int64] == [3, 2])
        #expect(try member("indices", "\(scratch.path)/Own/tst_X_seq.npz") as [Int32] == [1, 1, 0])
    }

    @Test func theyAreLeftOutWhereAsked() throws {
        let scratch = try TemporaryFolder()
        var preparation = preparation(scratch)
        preparation.writesSequences = false
        let summary = try preparation.run(train: train, test: train)
        #expect(summary.files.map(\.name).allSatisfy { !$0.contains("seq") })
    }

    /// A row that is left out is left out of all files.
    @Test func rowsAreThoseOfTheFeatures() throws {
        let scratch = try TemporaryFolder()
        var preparation = preparation(scratch)
        preparation.dropsUnusable = true
        try preparation.run(train: train, test: train)
        #expect(try member("indptr", "\(scratch.path)/Own/trn_X_seq.npz") as [Int32] == [0, 3, 5])
        #expect(try scratch.lines("Own/trn_X_Xf.txt")[0] == "2 2")
    }

    /// The bytes of a stored member after its 128-byte npy header.
    private func member<Element: BitwiseCopyable>(_ name: String, _ path: String) throws -> [Element] {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let place = try #require(bytes.range(of: Data("\(name).npy".utf8)))
        let size = bytes[(place.lowerBound - 12)..<(place.lowerBound - 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
        let content = [UInt8](bytes[place.upperBound..<(place.upperBound + size)].dropFirst(128))
        return content.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count, by: MemoryLayout<Element>.stride).map {
                raw.loadUnaligned(fromByteOffset: $0, as: Element.self)
            }
        }
    }
}

@Suite struct SummaryTests {
    @Test func saysWhatTheDataSetIs() throws {
        let scratch = try TemporaryFolder()
        var preparation = Preparation(dataFolder: scratch.path, name: "Own")
        preparation.embeddings = nil
        preparation.subwords = .ngrams(min: 3, max: 3)
        let train = (0..<12).map { Document(labels: $0 < 3 ? ["all", "few"] : ["all"], text: "red lamp\($0)") }
        let test = ["red", "qq", "", "xred"].map { Document(labels: $0 == "red" ? ["few"] : ["none"], text: $0) }
        let summary = try preparation.run(train: train, test: test)
        // Words: red; n-grams: <re red ed> <la lam amp, and mp1 (1, 10, 11), p10…: only mp1 stands twice.
        #expect(summary.features == 8 && summary.subwords == 7)
        #expect(summary.tokensPerDocument == 2 && summary.labelsPerDocument == 1.25 && summary.documentsPerLabel == 7.5)
        #expect(summary.testWithoutFeature == 2 && summary.testWithoutLabel == 3)
        #expect(summary.frequencies.bins.map(\.labels) == [1, 1] && summary.frequencies.bins.map(\.pairs) == [3, 12])
        #expect(summary.frequencies.bins.map(\.part) == [.tail, .torso])
        let text = summary.description
        for part in ["8 features (1 words, 7 sub-words)", "without a known token: 50.00 %", "known label: 75.00 %", "█"] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
    }
}
