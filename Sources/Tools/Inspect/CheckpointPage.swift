import Checkpoint
import Foundation
import Support

/// The page of one checkpoint.
struct CheckpointPage {
    let inspector: Inspector
    init(_ inspector: Inspector) { self.inspector = inspector }

    static func isCheckpointName(_ name: String) -> Bool { CheckpointEntry.isName(name) }

    static func isCheckpoint(_ path: String, _ has: (String) -> Bool) -> Bool {
        isCheckpointName((path as NSString).lastPathComponent) || has("manifest.json") && !has("model.json")
    }

    func checkpoint() throws -> Inspection {
        let entry = try CheckpointEntry(folder: inspector.path)
        var page = Inspection("checkpoint", path: inspector.path, verify: inspector.verify)
        if let key = entry.key, let identity = entry.identity {
            page.add("module", .text(key.module))
            page.add("epochs done", .number(key.epoch))
            page.add("steps done", .number(key.step))
            page.add("seed", .number(identity.seed))
            page.add("pinned", .text(entry.isPinned ? "yes: a module's result" : "no"))
            page.add("written", .text(entry.written))
            page.add("workers", .number(entry.shards.count))
            page.add("size", .bytes(entry.bytes))
            Self.add(identity, to: &page)
            for (name, value) in entry.state.sorted(by: { $0.key < $1.key }) { page.add("state \(name)", .text(value)) }
            page.tables = [Self.arrays(entry), Self.shards(entry)]
        } else if entry.isUnfinished {
            page.addDamage("\(inspector.path)/manifest.json", "the file is missing: the checkpoint was never finished")
        }
        for (path, reason) in try entry.damages(checksums: inspector.verify) { page.addDamage(path, reason) }
        return page
    }

    /// Fingerprints, and what they stand for.
    static func add(_ identity: CheckpointIdentity, to page: inout Inspection) {
        page.add("program version", .text(identity.programVersion))
        page.add("config fingerprint", .text(identity.configFingerprint))
        page.add("data fingerprint", .text(identity.dataFingerprint))
        for (name, value) in identity.data.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
            page.add(name, Int(value).map { .count($0) } ?? .text(value))
        }
    }

    private static func arrays(_ entry: CheckpointEntry) -> Inspection.Table {
        Inspection.Table(
            "arrays", header: ["name", "type", "shape", "cut by", "parts", "size"],
            rows: entry.arrays.map { array in
                [
                    .text(array.name), .text(array.type.rawValue), .shape(array.shape), .text(array.cut), .number(array.parts),
                    .bytes(array.bytes),
                ]
            })
    }

    private static func shards(_ entry: CheckpointEntry) -> Inspection.Table {
        Inspection.Table(
            "shards", header: ["file", "size", "CRC-32"],
            rows: entry.shards.map { [.text($0.file), .bytes($0.bytes), .text($0.checksum)] })
    }
}
