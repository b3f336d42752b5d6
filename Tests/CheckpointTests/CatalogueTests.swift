import Checkpoint
import Foundation
import Support
import TestSupport
import Testing

/// Checkpoints as they lie in a folder, looked at without a run.
@Suite struct CatalogueTests {
    private let scratch: TemporaryFolder
    private let store: CheckpointStore

    init() throws {
        scratch = try TemporaryFolder()
        store = makeStore(scratch.path, Notices(), keep: 9)
    }

    private func entry(_ name: String) throws -> CheckpointEntry { try CheckpointEntry(folder: scratch.file(name)) }

    @Test func aWholeOneSaysWhatItHas() throws {
        try Layout(workers: 2).write(store, key(3), state: ["lr": "0.1"], pinned: true)
        let entry = try entry("ckpt_extreme_3_30")
        #expect(entry.name == "ckpt_extreme_3_30" && entry.key == key(3) && entry.isPinned && !entry.isUnfinished)
        #expect(entry.damage == nil && entry.identity == identity && entry.state == ["lr": "0.1"] && entry.written.hasSuffix("Z"))
        let sizes = try (0..<2).map { try Data(contentsOf: URL(filePath: "\(entry.folder)/shard-\($0)-of-2.h5")).count }
        #expect(entry.shards.map(\.bytes) == sizes && entry.bytes == sizes[0] + sizes[1])
        #expect(entry.arrays.map(\.name) == ["E", "R", "W", "bias"])
        #expect(entry.arrays.map(\.shape) == [[9, 7], [3, 3], [11, 7], [11]])
        #expect(entry.arrays.map(\.cut) == ["columns", "replicated", "rows", "rows"])
        #expect(entry.arrays.map(\.parts) == [2, 1, 2, 2] && entry.arrays.map(\.type) == [.float32, .float32, .float32, .int64])
        #expect(entry.arrays.map(\.bytes) == [4 * 63, 4 * 9, 4 * 77, 8 * 11])
        #expect(try entry.damages(checksums: true).isEmpty && entry.damages(checksums: false).isEmpty)
        #expect(try (entry.reader().replicated("R") as Buffer<Float>).array == counting(3, 3).buffer.array)
    }

    /// Sorted, indented, with a line's end: a text that people read and compare.
    @Test func aManifestIsAText() throws {
        try Layout(workers: 1).write(store, key(3), state: ["a/b": "1"])
        let text = try String(contentsOfFile: scratch.file("ckpt_extreme_3_30/manifest.json"), encoding: .utf8)
        #expect(
            text.hasPrefix("{\n  \"body\" : {\n    \"identity\" : {") && text.hasSuffix("\"\n}\n")
                && text.contains("\"a/b\" : \"1\""))
        #expect(text.contains("\"schema\" : 1,") && text.contains("\"pinned\" : false,"))
    }

    /// A look at sizes finds what is missing or cut short; a changed byte is found by its checksum alone.
    @Test func damagesAreNamed() throws {
        try Layout(workers: 3).write(store, key(3))
        let folder = scratch.file("ckpt_extreme_3_30"), file = "\(folder)/shard-1-of-3.h5"
        let corruptor = try FileCorruptor(file)
        try corruptor.flip(100)
        let entry = try entry("ckpt_extreme_3_30"), found = try entry.damages(checksums: true)
        #expect(try entry.damages(checksums: false).isEmpty)
        #expect(found.count == 1 && found[0].path == file && found[0].reason.hasPrefix("checksum "))
        #expect(try failure { _ = try entry.reader() }.place == file)
        truncate(file, corruptor.whole.count - 1)
        #expect(try entry.damages(checksums: false).map(\.path) == [file])
        try FileManager.default.removeItem(atPath: "\(folder)/shard-0-of-3.h5")
        #expect(try entry.damages(checksums: false).map(\.reason).first == "the file is missing")
        #expect(try entry.damages(checksums: true).count == 2)
    }

    @Test func oneWithoutATrustedManifest() throws {
        for epoch in [1, 10, 9] { try Layout(workers: 1).write(store, key(epoch)) }
        try Layout(workers: 1).write(store, key(20, module: "surrogate", index: 0))
        _ = try store.writeShard(key(2), shard: 0, of: 1, arrays: Layout(workers: 1).arrays(0))
        try scratch.write("ckpt_extreme_1_10/manifest.json", "{}")
        try scratch.write("ckpt_notes.txt", "")
        let damaged = try entry("ckpt_extreme_1_10"), unfinished = try entry("ckpt_extreme_2_20")
        #expect(damaged.damage == "no checksum in 2 bytes" && !damaged.isUnfinished && damaged.key == nil && !damaged.isPinned)
        #expect(unfinished.damage == nil && unfinished.isUnfinished && unfinished.bytes == 0 && unfinished.arrays.isEmpty)
        #expect(damaged.state.isEmpty && damaged.written.isEmpty && damaged.identity == nil)
        #expect(try damaged.damages(checksums: false).map(\.path) == [scratch.file("ckpt_extreme_1_10/manifest.json")])
        #expect(try failure { _ = try damaged.reader() }.found == "no checksum in 2 bytes")
        #expect(try failure { _ = try unfinished.reader() }.found == "no manifest")
        // In the order of training, those without a key last.
        #expect(
            try CheckpointEntry.all(in: scratch.path).map(\.name) == [
                "ckpt_surrogate_20_200", "ckpt_extreme_9_90", "ckpt_extreme_10_100", "ckpt_extreme_1_10", "ckpt_extreme_2_20",
            ])
        #expect(throws: Failure.self) { try CheckpointEntry.all(in: scratch.file("nowhere")) }
        #expect(
            CheckpointEntry.isName("ckpt_a_b_1_2") && !CheckpointEntry.isName("ckpt_a_1") && !CheckpointEntry.isName("x_a_1_2"))
    }

    /// Another module's damage is not what a module is asked for.
    @Test func noticesAreOfTheModuleThatIsLookedFor() throws {
        let notices = Notices(), store = makeStore(scratch.path, notices)
        try Layout(workers: 1).write(store, key(1), pinned: true)
        try Layout(workers: 1).write(store, key(5, module: "surrogate", index: 0), pinned: true)
        try scratch.write("ckpt_surrogate_5_50/manifest.json", "{}")
        #expect(try store.pinned(module: "extreme")?.key == key(1) && notices.all.isEmpty)
        #expect(try store.pinned(module: "extreme", epoch: 1) != nil && store.pinned(module: "extreme", epoch: 2) == nil)
        #expect(try store.pinned(module: "surrogate") == nil && notices.all.count == 1)
        #expect(notices.text.contains("module surrogate must be trained again"))
    }

    @Test func twoAreKeptWhereNothingIsSaid() {
        #expect(CheckpointStore(folder: scratch.path, identity: identity).keep == 2)
    }

    /// Eight differences are said, of more their number.
    @Test(arguments: [(8, ""), (9, ", … and 1 more"), (11, ", … and 3 more")])
    func manyDifferencesAreCounted(count: Int, ending: String) throws {
        var other = identity
        other.configFingerprint = "c2"
        for number in 0..<count { other.config["key.\(String(format: "%02d", number))"] = "1" }
        try Layout(workers: 1).write(store, key(1))
        let found = try failure { _ = try makeStore(scratch.path, Notices(), other).newest() }
        #expect(found.problem.hasSuffix("key.07\(ending)") && found.expected.hasSuffix("key.07 = 1 as in this run\(ending)"))
    }
}

/// Manifests whose checksum is right and whose numbers no run has written: the largest that are taken, and those beyond.
@Suite struct ManifestBoundTests {
    private let scratch: TemporaryFolder
    private let notices = Notices()
    private let store: CheckpointStore

    init() throws {
        scratch = try TemporaryFolder()
        store = makeStore(scratch.path, notices)
        let shard = try store.writeShard(key(1), shard: 0, of: 1, arrays: [StoredArray("a", Buffer<Float>(count: 10))])
        try store.commit(key(1), receipts: [shard], state: [:])
    }

    /// Whether a manifest with these numbers describes shards; of one that does, the shard's size is what is wrong.
    private func isSound(
        bytes: Int, shape: [Int], type: String = "float32", placement: String = "{ \"replicated\" : { } }"
    ) throws -> Bool {
        let path = scratch.file("ckpt_extreme_1_10/manifest.json")
        var text = try String(contentsOfFile: path, encoding: .utf8)
        for (pattern, new) in [
            ("\"bytes\" : -?[0-9]+", "\"bytes\" : \(bytes)"), ("\"shape\" : \\[[^]]*\\]", "\"shape\" : \(shape)"),
            ("\"type\" : \"[a-z0-9]+\"", "\"type\" : \"\(type)\""),
            ("\"placement\" : \\{[^}]*\\}\\s*\\}", "\"placement\" : \(placement)"),
        ] {
            let range = try #require(text.range(of: pattern, options: .regularExpression), "\(pattern) in \(text)")
            text.replaceSubrange(range, with: new)
        }
        try withManifestChecksum(text).write(toFile: path, atomically: false, encoding: .utf8)
        notices.clear()
        #expect(try store.newest() == nil)
        let isUnsound = notices.text.contains("its numbers do not describe shards")
        #expect(isUnsound || notices.text.contains(" bytes, expected \(bytes))"), "\(notices.text)")
        return !isUnsound
    }

    @Test func arraysTakeNoMoreRoomThanTheFile() throws {
        #expect(try isSound(bytes: 40, shape: [10]) && !isSound(bytes: 39, shape: [10]))
        #expect(try isSound(bytes: 80, shape: [10], type: "int64") && !isSound(bytes: 79, shape: [10], type: "float64"))
        #expect(try isSound(bytes: 24, shape: [3, 2]) && !isSound(bytes: 23, shape: [3, 2]))
        #expect(
            try isSound(bytes: 7, shape: [7], type: "uint8") && isSound(bytes: 0, shape: [0]) && !isSound(bytes: -1, shape: [0]))
    }

    @Test func sizesOfFiles() throws {
        #expect(try isSound(bytes: 1 << 46, shape: [1]) && !isSound(bytes: 1 << 46 + 1, shape: [1]))
    }

    @Test func extents() throws {
        let most = Int(UInt32.max), large = 1 << 46
        #expect(try isSound(bytes: large, shape: [most]) && !isSound(bytes: large, shape: [most + 1]))
        #expect(try isSound(bytes: large, shape: [0, most]) && !isSound(bytes: large, shape: [most + 1, 0]))
        #expect(
            try !isSound(bytes: large, shape: [-1]) && !isSound(bytes: large, shape: [])
                && !isSound(bytes: large, shape: [1, 1, 1]))
        #expect(try !isSound(bytes: large, shape: [most, most]))
    }

    @Test func partsOfAWhole() throws {
        func placement(_ kind: String, _ start: Int, _ total: Int) -> String {
            "{ \"\(kind)\" : { \"start\" : \(start), \"total\" : \(total) } }"
        }
        // A part without elements lies in the whole, too.
        #expect(try isSound(bytes: 80, shape: [5, 0], placement: placement("rows", 5, 10)))
        #expect(try !isSound(bytes: 80, shape: [5, 0], placement: placement("rows", 6, 10)))
        #expect(try isSound(bytes: 80, shape: [0, 5], placement: placement("columns", 5, 10)))
        #expect(try !isSound(bytes: 80, shape: [0, 5], placement: placement("columns", 6, 10)))
        for kind in ["rows", "columns"] {
            let shape = kind == "rows" ? [10] : [2, 10]
            #expect(try isSound(bytes: 80, shape: shape, placement: placement(kind, 0, 10)), "\(kind)")
            for (start, total) in [(0, 9), (0, 11), (1, 10), (1, 11), (-1, 10)] {
                #expect(
                    try !isSound(bytes: 80, shape: shape, placement: placement(kind, start, total)),
                    "\(kind) \(start) of \(total)")
            }
        }
    }
}

/// The manifest with the checksum that its text should have.
func withManifestChecksum(_ text: String) -> String {
    let field = #""fileChecksum" : ""#
    guard let start = text.range(of: field, options: .backwards)?.upperBound else { return text }
    let digits = start..<text.index(start, offsetBy: 8)
    var checksum = CRC32()
    Array(text.replacingCharacters(in: digits, with: "00000000").utf8).withUnsafeBytes { checksum.update($0) }
    return text.replacingCharacters(in: digits, with: checksum.hex)
}
