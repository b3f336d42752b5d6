import CHDF5
import Checkpoint
import Formats
import Foundation
import Support

/// HDF5 files, ours and others', and a checkpoint's manifest.
let parsers: [String: Parser] = [
    "hdf5": { content in
        try withFile(content) { path in
            let file = try H5File(opening: path)
            for name in try file.datasetNames().prefix(20) { do { try file.checkDataset(name) } catch is Failure {} }
            for name in file.attributeNames().prefix(20) { do { _ = try file.attribute(name) } catch is Failure {} }
        }
    },
    "scores_h5": { content in try withFile(content, readScores) },
    "manifest": readCheckpoint,
    "manifest_checked": { content in try withChecksum(Array(content)).withUnsafeBytes(readCheckpoint) },
]

@Sendable private func readScores(_ path: String) throws {
    switch try ScoreFile.content(path) {
    case .parts: _ = try ScoreFile.readParts(path)
    case .scores: _ = try ScoreFile.read(path)
    case .foreign:
        let scores = try ForeignScores(path)
        _ = try ScipyArrays.matrix(
            shape: scores.shape, starts: scores.starts, columns: scores.columns, values: scores.values, path: path)
    }
}

/// `H5F_OBJ_ALL`, which Swift cannot see.
private let allObjects: UInt32 = 0x1F

/// `H5F_OBJ_FILE`.
private let files: UInt32 = 1

/// Calls `body` with a file of this content, and expects that nothing of it stays open but a file that HDF5 itself cannot close: one
/// whose index of chunks is damaged in some ways.
private func withFile(_ content: UnsafeRawBufferPointer, _ body: (String) throws -> Void) throws {
    guard isChecksummed(content) else { return }
    defer {
        let open = H5Fget_obj_count(hid_t(allObjects), allObjects & ~files)
        precondition(open == 0, "\(open) objects of HDF5 stay open")
        if H5Fget_obj_count(hid_t(allObjects), files) > left {
            left += 1
            hdf5.renew()
        }
    }
    try body(hdf5.overwrite(content))
}

/// In place of the C library's: HDF5 sleeps for a nanosecond where a checksum is wrong, which takes thousands of times as long.
@_cdecl("nanosleep")
public func noSleep(_ time: UnsafePointer<timespec>?, _ left: UnsafeMutablePointer<timespec>?) -> CInt { 0 }

/// HDF5's formats before the newest, which ours never are, have no checksums, and neither have its global heaps, in which virtual datasets
/// and texts of any length lie; the library (1.10.8) reads and writes beyond its memory where one is damaged. A file like that is as
/// trustworthy as its maker (docs/FUZZING.md).
private func isChecksummed(_ content: UnsafeRawBufferPointer) -> Bool {
    guard content.count > 8, content[8] >= 2 else { return false }
    let heap = Array("GCOL".utf8)
    return !content.indices.contains { content[$0] == heap[0] && content[$0...].starts(with: heap) }
}

private let hdf5 = InputFile("input.h5")

/// Files that HDF5 could not close.
nonisolated(unsafe) private var left = 0

/// A small checkpoint of two shards, whose manifest each input replaces; the corpus has the manifest that it was written with.
private let checkpoint: InputFile = {
    let identity = CheckpointIdentity(configFingerprint: "c", dataFingerprint: "d", seed: 1, programVersion: "1")
    let store = CheckpointStore(folder: InputFile.folder, identity: identity)
    let key = CheckpointKey(module: "m", moduleIndex: 0, epoch: 1, step: 2)
    do {
        let receipts = try (0..<2).map { shard in
            let part = StoredArray("W", Buffer([Float](repeating: 1, count: 6)), columns: 3, .rows(start: 2 * shard, total: 4))
            return try store.writeShard(key, shard: shard, of: 2, arrays: [part])
        }
        try store.commit(key, receipts: receipts, state: ["step": "2"])
    } catch { preconditionFailure("\(error)") }
    return InputFile("ckpt_m_1_2/manifest.json")
}()

@Sendable private func readCheckpoint(_ content: UnsafeRawBufferPointer) throws {
    // The empty input that libFuzzer begins with leaves the manifest as it was written: so the corpus got its seed.
    if content.isEmpty { _ = checkpoint.path } else { _ = checkpoint.overwrite(content) }
    let entry = try CheckpointEntry(folder: "\(InputFile.folder)/ckpt_m_1_2")
    for array in entry.arrays { _ = array.bytes }
    _ = try entry.damages(checksums: true)
    let reader = try entry.reader()
    for name in reader.names {
        let (rows, cols) = try reader.extent(name)
        guard rows < 1000, cols < 1000 else { continue }
        _ = try? reader.replicated(name) as Buffer<Float>
    }
}

/// The text with the checksum that it should have, which random changes never get right.
private func withChecksum(_ text: [UInt8]) -> [UInt8] {
    var data = Data(text)
    guard let field = data.range(of: Data("\"fileChecksum\" : \"".utf8), options: .backwards), field.upperBound + 8 <= data.count
    else { return text }
    let digits = field.upperBound..<field.upperBound + 8
    data.replaceSubrange(digits, with: Data("00000000".utf8))
    var checksum = CRC32()
    data.withUnsafeBytes { checksum.update($0) }
    data.replaceSubrange(digits, with: Data(checksum.hex.utf8))
    return Array(data)
}
