import CZlib
import Datasets
import Formats
import Glibc
import Support

/// Features and labels in every form. The first byte says what they are wanted for.
let parsers: [String: Parser] = [
    "xc": readMatrix,
    "one_file": readMatrix,
    "npy": readMatrix,
    "npz": readMatrix,
    "pickle": readMatrix,
    "gz": readMatrix,
    "npz_members": { content in try readMatrix(withKindOf: content) { archive(of: $0) } },
    "gz_text": { content in try readMatrix(withKindOf: content) { packed($0) } },
    "npz_listing": { content in
        for array in try ArrayListing.npz(memory(archive(of: Array(content)))) { _ = array.byteCount }
    },
    "npy_floats": { content in
        let file = memory(content)
        _ = try ArrayListing.npy(file).byteCount
        let matrix = try NPY.readFloatMatrix(file)
        precondition(matrix.rows * matrix.cols == matrix.buffer.count && matrix.buffer.array.allSatisfy(\.isFinite))
    },
    "predictions_text": { content in _ = try PredictionText.read(memory(content)) },
    "predictions_jsonl": { content in _ = try PredictionLines.read(memory(content)) },
    "safetensors": { content in try readTensors(memory(content)) },
    "safetensors_header": { content in
        // Header and arrays, parted by the byte 1E; the header's length is what random changes never get right.
        let cut = content.firstIndex(of: 0x1E) ?? content.count
        let length = withUnsafeBytes(of: UInt64(cut).littleEndian) { Array($0) }
        try readTensors(memory(length + content[..<cut] + content[min(cut + 1, content.count)...]))
    },
    "label_filter": { content in
        _ = try LabelFilter.read(memory(content), documents: 100, labels: 100)
    },
]

/// Every array of the file, or why it isn't read.
private func readTensors(_ bytes: MappedFile) throws {
    let file = try SafetensorsFile(bytes)
    for tensor in file.tensors {
        do {
            let floats = try file.floats(tensor.name)
            precondition(floats.rows * floats.cols == floats.buffer.count && floats.buffer.array.allSatisfy(\.isFinite))
        } catch is Failure {}
    }
}

private let team = ThreadTeam(size: 1)

@Sendable private func readMatrix(_ content: UnsafeRawBufferPointer) throws {
    guard let first = content.first else { return }
    try readMatrix(memory(UnsafeRawBufferPointer(rebasing: content.dropFirst())), kind: first)
}

private func readMatrix(withKindOf content: UnsafeRawBufferPointer, _ form: ([UInt8]) -> [UInt8]) throws {
    guard let first = content.first else { return }
    try readMatrix(memory(form(Array(content.dropFirst()))), kind: first)
}

/// Pieces are so small that short inputs are several.
private func readMatrix(_ file: MappedFile, kind: UInt8) throws {
    let kinds = MatrixFile.Kind.allCases
    check(try MatrixFile.read(file, kind: kinds[Int(kind) % kinds.count], team, chunkBytes: 128, pieceBytes: 64))
}

/// What every reader promises.
private func check(_ matrix: CSRMatrix) {
    precondition(matrix.starts.count == matrix.rows + 1 && matrix.starts[0] == 0)
    precondition(Int(matrix.starts[matrix.rows]) == matrix.indices.count)
    for row in 0..<matrix.rows { precondition(matrix.starts[row] <= matrix.starts[row + 1]) }
    for at in 0..<matrix.indices.count {
        precondition((0..<matrix.cols).contains(Int(matrix.indices[at])))
        precondition(matrix.values?[at].isFinite ?? true)
    }
}

private let memberNames = ["indices.npy", "indptr.npy", "format.npy", "shape.npy", "data.npy"]

/// A zip archive of stored members with the right checksums, which random changes never get right: members are separated by
/// the bytes `FF 00 FF`, and are called as scipy calls those of a CSR matrix.
private func archive(of content: [UInt8]) -> [UInt8] {
    var members: [[UInt8]] = [[]]
    var at = 0
    while at < content.count {
        if members.count < memberNames.count, content[at...].starts(with: [0xFF, 0, 0xFF]) {
            members.append([])
            at += 3
        } else {
            members[members.count - 1].append(content[at])
            at += 1
        }
    }
    var archive: [UInt8] = []
    var directory: [UInt8] = []
    for (name, member) in zip(memberNames, members) {
        let crc = member.withUnsafeBufferPointer { UInt32(crc32(0, $0.baseAddress, UInt32($0.count))) }
        let size = little(UInt32(member.count), 4)
        var fields = little(crc, 4)
        fields += size + size
        fields += little(UInt32(name.utf8.count), 2) + [0, 0]
        directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0] + [UInt8](repeating: 0, count: 8)
        directory += fields + [UInt8](repeating: 0, count: 10)
        directory += little(UInt32(archive.count), 4)
        directory += name.utf8
        archive += [0x50, 0x4B, 3, 4, 20, 0] + [UInt8](repeating: 0, count: 8)
        archive += fields + name.utf8 + member
    }
    let count = little(UInt32(members.count), 2)
    let (start, length) = (little(UInt32(archive.count), 4), little(UInt32(directory.count), 4))
    archive += directory
    archive += [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + count + count
    return archive + length + start + [0, 0]
}

private func little(_ number: UInt32, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(number >> (8 * $0) & 0xFF) } }

/// A gzip file of the text, in two members where that is longer than 64 bytes.
private func packed(_ text: [UInt8]) -> [UInt8] {
    let cut = text.count > 64 ? text.count / 2 : text.count
    return member(text[..<cut]) + (cut < text.count ? member(text[cut...]) : [])
}

private func member(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(&stream, 1, Z_DEFLATED, 16 + 9, 1, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var input = Array(text)
    var output = [UInt8](repeating: 0, count: text.count + 256)
    input.withUnsafeMutableBufferPointer { from in
        output.withUnsafeMutableBufferPointer { to in
            (stream.next_in, stream.avail_in) = (from.baseAddress, UInt32(from.count))
            (stream.next_out, stream.avail_out) = (to.baseAddress, UInt32(to.count))
            let status = deflate(&stream, Z_FINISH)
            precondition(status == Z_STREAM_END)
        }
    }
    return Array(output.prefix(output.count - Int(stream.avail_out)))
}
