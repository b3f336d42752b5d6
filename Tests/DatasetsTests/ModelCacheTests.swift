import Datasets
import Foundation
import Support
import TestSupport
import Testing

/// Cache files whose digests are right and whose numbers are not: as a stranger's model may have them.
@Suite struct ModelCacheTests {
    private let folder: TemporaryFolder
    private let path: String
    /// Four documents, five features, three labels of four in the file.
    private let set: XCDataset

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("training.xcd")
        set = Self.made()
    }

    /// A data set of its own arrays.
    private static func made() -> XCDataset {
        func binary(_ cols: Int, _ rows: [[Int32]]) -> CSRMatrix {
            CSRMatrix(cols: cols, rows: rows.map { $0.map { ($0, 1) } }, binary: true)
        }
        let labels = binary(3, [[0, 2], [1], [0, 1], [2]]),
            features: [[(Int32, Float)]] = [[(0, 1), (4, 1)], [(1, 1)], [], [(2, 1)]]
        return XCDataset(
            trainFeatures: CSRMatrix(cols: 5, rows: features), trainLabels: labels, trainDocuments: labels.transposed(),
            testFeatures: CSRMatrix(cols: 5, rows: [[(3, 1)]]), testLabels: binary(4, [[3]]), labelIds: Buffer([0, 1, 3]),
            labelCounts: Buffer([2, 2, 0, 2]), trainRowsInFile: 5, testFilter: binary(4, [[2]]),
            labelFeatures: CSRMatrix(cols: 5, rows: [[(0, 1)], [], [(1, 1), (2, 1)]]), fingerprint: "00000000000000ab")
    }

    private func refusal(hasDocuments: Bool = true) throws -> Failure? {
        try set.write(cacheFile: path, threads: 1)
        do {
            _ = try XCDataset.ofModel(cacheFile: path, hasDocuments: hasDocuments)
            return nil
        } catch { return error as? Failure }
    }

    /// Its own arrays, each with the name that messages have, and which of them are read without documents.
    private var columns: [(name: String, numbers: Buffer<Int32>, bound: Int32, isOfLabels: Bool)] {
        [
            ("label ids", set.labelIds, 4, true), ("documents of labels", set.trainDocuments.indices, 4, true),
            ("training features", set.trainFeatures.indices, 5, false), ("training labels", set.trainLabels.indices, 3, false),
            ("label texts", set.labelFeatures!.indices, 5, false),
        ]
    }

    @Test func asItWasWritten() throws {
        #expect(try refusal() == nil && refusal(hasDocuments: false) == nil)
        let whole = try XCDataset.ofModel(cacheFile: path, hasDocuments: true)
        let labels = try XCDataset.ofModel(cacheFile: path, hasDocuments: false)
        #expect(whole.trainFeatures.nonZeros == 4 && whole.labelFeatures?.rows == 3)
        #expect(labels.positives == whole.positives && labels.vocabularySize == 5 && labels.labelCount == 3)
        #expect(labels.trainFeatures.rows == 0 && labels.labelFeatures == nil && labels.labelIds.array == [0, 1, 3])
        #expect(try XCDataset.checked(cacheFile: path, threads: 2) != nil)
    }

    @Test func columnsOutOfRange() throws {
        for (name, numbers, bound, isOfLabels) in columns {
            for place in 0..<numbers.count {
                for wrong in [-1, bound, .max, .min] {
                    let before = numbers[place]
                    numbers[place] = wrong
                    let failure = try refusal()
                    #expect(
                        failure?.place == "\(path): \(name)[\(place)]" && failure?.found == "\(wrong)" && failure?.code == .usage)
                    #expect((try refusal(hasDocuments: false) != nil) == isOfLabels, "\(name)")
                    #expect(throws: Failure.self) { try XCDataset.checked(cacheFile: path, threads: 1) }
                    numbers[place] = before
                }
            }
        }
    }

    @Test func startsThatFallOrLeadBeyond() throws {
        let arrays = [
            set.trainDocuments.starts, set.trainFeatures.starts, set.trainLabels.starts, set.labelFeatures!.starts,
        ]
        for starts in arrays {
            for place in 0..<starts.count {
                for wrong in [-1, 100, Int64.max, .min] {
                    let before = starts[place]
                    starts[place] = wrong
                    #expect(try refusal()?.code == .usage, "\(place): \(wrong)")
                    starts[place] = before
                }
            }
        }
    }

    /// Labels twice or out of order, counts below 0, and documents of a label that do not have it.
    @Test func numbersThatContradictEachOther() throws {
        set.labelIds[1] = 3
        #expect(try refusal()?.place.contains("label ids") == true)
        set.labelIds[1] = 1
        set.labelCounts[2] = -1
        #expect(try refusal()?.place.contains("label counts") == true)
        set.labelCounts[2] = 0
        set.trainLabels.indices[0] = 1
        #expect(try refusal()?.expected == "1, as the training labels have it")
        set.trainLabels.indices[0] = 0
        #expect(try refusal() == nil)
    }

    /// Each word of the header, digests made anew.
    @Test func everyNumberOfTheHeader() throws {
        try set.write(cacheFile: path, threads: 1)
        let whole = try Array(Data(contentsOf: URL(fileURLWithPath: path))), counted = 6 + 2 * 7 + 3 * 19
        func word(_ bytes: [UInt8], _ at: Int) -> UInt64 {
            bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 8 * at, as: UInt64.self) }
        }
        func put(_ value: UInt64, _ at: Int, _ bytes: inout [UInt8]) {
            bytes.replaceSubrange(8 * at..<8 * at + 8, with: withUnsafeBytes(of: value.littleEndian) { Array($0) })
        }
        for at in 2..<counted {
            for wrong in [
                word(whole, at) &+ 1, word(whole, at) &- 1, word(whole, at) &+ 64, 1 << 31, 1 << 32, 1 << 62, .max / 2, .max,
            ] {
                var bytes = whole
                put(wrong, at, &bytes)
                put(ContentHash.of(bytes[..<(8 * counted)]), counted, &bytes)
                try AtomicFile.write(path, bytes)
                // It opens, or says why not: other numbers than these may fit, too.
                do { _ = try XCDataset.ofModel(cacheFile: path, hasDocuments: true) } catch { #expect(error is Failure) }
            }
        }
    }
}
