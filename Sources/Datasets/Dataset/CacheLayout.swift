import Config
import Formats
import Support

/// The binary cache of a data set: a page of 64-bit little-endian words, then the arrays, each at a multiple of 64 bytes.
///
/// Words: magic, version, length of the file, fingerprint, training rows of the file, feature type; rows and columns of the six
/// matrices; offset, count and digest of each array; last, the digest of the words before it. Version 3 has a seventh matrix, the
/// features of the labels' texts. Versions 4 to 7 have three more matrices at the end, of validation documents (features, labels, filter):
/// 5 and 7 with the texts before them, 6 and 7 where the documents were cut from the training file.
struct CacheLayout {
    static let magic = UInt64(littleEndian: 0x3144_4358_4C4D_5844)  // "DXMLXCD1"
    /// Raised whenever the layout or the clean-up changes: caches of other versions are built anew.
    static let version: UInt64 = 2
    static let versionWithLabelText: UInt64 = 3
    static let versionsWithValidation: ClosedRange<UInt64> = 4...7
    static let headerBytes = 4096
    static let alignment = 64

    struct Section: Equatable {
        var offset: Int
        var count: Int
        var digest: UInt64
    }

    struct Shape: Equatable {
        var rows: Int
        var cols: Int
    }

    var length: Int
    var fingerprint: UInt64
    var trainRowsInFile: Int
    var featureType: FeatureType
    private var parts: Parts
    var shapes: [Shape]
    var sections: [Section]

    /// Which matrices there are beside the six.
    private struct Parts: Equatable {
        /// Labels have a matrix of their texts' features.
        var hasLabelText = false
        /// nil: no validation documents.
        var validationIsCut: Bool?

        init(_ set: XCDataset) {
            hasLabelText = set.labelFeatures != nil
            validationIsCut = set.validation?.isCut
        }

        /// nil: no version of ours.
        init?(version: UInt64) {
            switch version {
            case CacheLayout.version: break
            case CacheLayout.versionWithLabelText: hasLabelText = true
            case CacheLayout.versionsWithValidation:
                hasLabelText = version & 1 != 0
                validationIsCut = version & 2 != 0
            default: return nil
            }
        }

        var version: UInt64 {
            guard let validationIsCut else { return hasLabelText ? CacheLayout.versionWithLabelText : CacheLayout.version }
            return 4 + (hasLabelText ? 1 : 0) + (validationIsCut ? 2 : 0)
        }

        var shapeCount: Int { isBinary.count }

        /// Of each matrix, whether it has no values; in the order of `matrices(of:)`.
        var isBinary: [Bool] {
            [false, true, true, false, true, true] + (hasLabelText ? [false] : [])
                + (validationIsCut != nil ? [false, true, true] : [])
        }

        /// Bytes of an element of each array, in the order of `arrays(of:)`.
        var widths: [Int] {
            [8, 4, 4, 8, 4, 8, 4, 8, 4, 4, 8, 4, 4, 4, 8, 4] + (hasLabelText ? [8, 4, 4] : [])
                + (validationIsCut != nil ? [8, 4, 4, 8, 4, 8, 4] : [])
        }
    }

    private var widths: [Int] { parts.widths }

    static func matrices(of set: XCDataset) -> [CSRMatrix] {
        [set.trainFeatures, set.trainLabels, set.trainDocuments, set.testFeatures, set.testLabels, set.testFilter]
            + (set.labelFeatures.map { [$0] } ?? []) + (set.validation?.matrices ?? [])
    }

    static func arrays(of set: XCDataset) -> [Buffer<UInt8>] {
        func arrays(_ m: CSRMatrix) -> [Buffer<UInt8>] {
            [m.starts.asBytes, m.indices.asBytes] + (m.values.map { [$0.asBytes] } ?? [])
        }
        return arrays(set.trainFeatures) + arrays(set.trainLabels) + arrays(set.trainDocuments) + arrays(set.testFeatures)
            + arrays(set.testLabels) + [set.labelIds.asBytes, set.labelCounts.asBytes] + arrays(set.testFilter)
            + (set.labelFeatures.map(arrays) ?? []) + (set.validation?.matrices.flatMap(arrays) ?? [])
    }

    /// The layout of `set`, digests included.
    init(of set: XCDataset, _ team: ThreadTeam) {
        parts = Parts(set)
        let arrays = Self.arrays(of: set), widths = parts.widths
        let digests = Buffer<UInt64>(count: arrays.count)
        team.forEach(arrays.count) { digests[$0] = ContentHash.of(arrays[$0]) }
        var offset = Self.headerBytes
        sections = zip(arrays.indices, arrays).map { i, bytes in
            defer { offset = Self.aligned(offset + bytes.count) }
            return Section(offset: offset, count: bytes.count / widths[i], digest: digests[i])
        }
        length = offset
        fingerprint = UInt64(set.fingerprint, radix: 16) ?? 0
        trainRowsInFile = set.trainRowsInFile
        featureType = set.featureType
        shapes = Self.matrices(of: set).map { Shape(rows: $0.rows, cols: $0.cols) }
    }

    static func aligned(_ offset: Int) -> Int { (offset + alignment - 1) / alignment * alignment }

    var header: [UInt8] {
        var words = [Self.magic, parts.version, UInt64(length), fingerprint, UInt64(trainRowsInFile), featureType.code]
        for shape in shapes { words += [UInt64(shape.rows), UInt64(shape.cols)] }
        for section in sections { words += [UInt64(section.offset), UInt64(section.count), section.digest] }
        words.append(words.withUnsafeBytes { ContentHash.of($0) })
        let bytes = words.withUnsafeBytes { Array($0) }
        return bytes + [UInt8](repeating: 0, count: Self.headerBytes - bytes.count)
    }

    /// Reads the header of a mapped cache; nil where it isn't whole, or of another version, or doesn't fit the file.
    init?(_ file: MappedFile) {
        guard file.count >= Self.headerBytes else { return nil }
        guard let parts = Parts(version: file.bytes.load(fromByteOffset: 8, as: UInt64.self)) else { return nil }
        let count = parts.shapeCount, widths = parts.widths
        let counted = 6 + 2 * count + 3 * widths.count
        let words = (0...counted).map { file.bytes.load(fromByteOffset: 8 * $0, as: UInt64.self) }
        let digest = words.dropLast().withUnsafeBytes { ContentHash.of($0) }
        guard words[0] == Self.magic, words[counted] == digest, words[2] == UInt64(file.count),
            let type = FeatureType(code: words[5])
        else { return nil }
        self.parts = parts
        length = file.count
        fingerprint = words[3]
        trainRowsInFile = Int(truncatingIfNeeded: words[4])
        featureType = type
        shapes = (0..<count).map {
            Shape(rows: Int(truncatingIfNeeded: words[6 + 2 * $0]), cols: Int(truncatingIfNeeded: words[7 + 2 * $0]))
        }
        let table = 6 + 2 * count
        sections = widths.indices.map {
            let at = table + 3 * $0
            return Section(
                offset: Int(truncatingIfNeeded: words[at]), count: Int(truncatingIfNeeded: words[at + 1]), digest: words[at + 2])
        }
        guard sectionsLie(in: file.count), matricesFit, labelsFit else { return nil }
    }

    // The digest of a header says that it is whole, not who wrote it.

    private func sectionsLie(in bytes: Int) -> Bool {
        zip(sections, widths).allSatisfy { section, width in
            (Self.headerBytes...bytes).contains(section.offset) && section.offset % Self.alignment == 0
                && (0...(bytes - section.offset) / width).contains(section.count)
        }
    }

    /// Each matrix has the arrays that its shape asks for.
    private var matricesFit: Bool {
        var next = 0
        for (number, isBinary) in parts.isBinary.enumerated() {
            // Behind the test labels: what is known of labels.
            if number == 5 { next += 2 }
            let shape = shapes[number], numbers = 0...Int(Int32.max)
            guard numbers.contains(shape.rows), numbers.contains(shape.cols), sections[next].count == shape.rows + 1,
                isBinary || sections[next + 2].count == sections[next + 1].count
            else { return false }
            next += isBinary ? 2 : 3
        }
        return true
    }

    /// Documents and labels of the matrices are the same.
    private var labelsFit: Bool {
        let (features, labels, documents) = (shapes[0], shapes[1], shapes[2]), inFile = shapes[4].cols
        let texts = parts.hasLabelText ? shapes[6] : Shape(rows: labels.cols, cols: features.cols)
        return labels.rows == features.rows && documents == Shape(rows: labels.cols, cols: labels.rows)
            && sections[Self.labelIdsAt].count == labels.cols && sections[Self.labelIdsAt + 1].count == inFile
            && texts == Shape(rows: labels.cols, cols: features.cols) && (0...Int(Int32.max)).contains(trainRowsInFile)
    }

    /// Place of the labels' ids among the arrays; behind them is how frequent they are.
    private static let labelIdsAt = 12

    /// Whether every array of the mapped file has its digest.
    func bodyIsWhole(_ file: MappedFile, _ team: ThreadTeam) -> Bool {
        let wrong = Buffer<UInt8>(count: sections.count), widths = self.widths
        team.forEach(sections.count) { i in
            let section = sections[i]
            let end = section.offset + section.count * widths[i]
            let bytes = file.view(UInt8.self, at: section.offset, count: end - section.offset)
            wrong[i] = ContentHash.of(bytes) == section.digest ? 0 : 1
            // What was only looked at need not count as this rank's memory.
            file.letGo(section.offset..<end)
        }
        return !wrong.array.contains(1)
    }

    /// The data set that the mapped file holds, as views of its pages.
    func dataset(_ file: MappedFile) -> XCDataset {
        var next = 0
        func array<Element: BitwiseCopyable>(_ type: Element.Type) -> Buffer<Element> {
            defer { next += 1 }
            return file.view(type, at: sections[next].offset, count: sections[next].count)
        }
        func matrix(_ at: Int, binary: Bool) -> CSRMatrix {
            let starts = array(Int64.self)
            let indices = array(Int32.self)
            return CSRMatrix(
                rows: shapes[at].rows, cols: shapes[at].cols, starts: starts, indices: indices,
                values: binary ? nil : array(Float.self))
        }
        let trainFeatures = matrix(0, binary: false)
        let trainLabels = matrix(1, binary: true)
        let trainDocuments = matrix(2, binary: true)
        let testFeatures = matrix(3, binary: false)
        let testLabels = matrix(4, binary: true)
        let labelIds = array(Int32.self)
        let labelCounts = array(Int32.self)
        let testFilter = matrix(5, binary: true)
        let labelFeatures = parts.hasLabelText ? matrix(6, binary: false) : nil
        let validation = parts.validationIsCut.map { isCut in
            let first = parts.hasLabelText ? 7 : 6, features = matrix(first, binary: false)
            let labels = matrix(first + 1, binary: true)
            return HeldOutDocuments(features: features, labels: labels, filter: matrix(first + 2, binary: true), isCut: isCut)
        }
        return XCDataset(
            featureType: featureType, trainFeatures: trainFeatures, trainLabels: trainLabels, trainDocuments: trainDocuments,
            testFeatures: testFeatures,
            testLabels: testLabels, labelIds: labelIds, labelCounts: labelCounts, trainRowsInFile: trainRowsInFile,
            testFilter: testFilter, labelFeatures: labelFeatures, validation: validation,
            fingerprint: ContentHash.hex(fingerprint))
    }
}

extension FeatureType {
    var code: UInt64 { UInt64(Self.allCases.firstIndex(of: self) ?? 0) }

    init?(code: UInt64) {
        guard code < UInt64(Self.allCases.count) else { return nil }
        self = Self.allCases[Int(code)]
    }
}
