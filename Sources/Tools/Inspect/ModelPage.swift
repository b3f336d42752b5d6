import Checkpoint
import Foundation
import XCData

/// The page of a learner's folder, or of an ensemble's.
struct ModelPage {
    let inspector: Inspector
    init(_ inspector: Inspector) { self.inspector = inspector }
    private var folder: String { inspector.path }

    func model() throws -> Inspection {
        let entries = try CheckpointEntry.all(in: folder)
        var page = Inspection("model", path: folder, verify: inspector.verify)
        if let identity = entries.lazy.compactMap(\.identity).first {
            page.add("seed", .number(identity.seed))
            CheckpointPage.add(identity, to: &page)
        }
        page.add("size", .bytes(entries.reduce(0) { $0 + $1.bytes }))
        page.tables.append(Self.table(entries))
        for entry in entries {
            for (path, reason) in try entry.damages(checksums: inspector.verify) { page.addDamage(path, reason) }
        }
        return page
    }

    private static func table(_ entries: [CheckpointEntry]) -> Inspection.Table {
        Inspection.Table(
            "checkpoints", header: ["name", "module", "epochs", "steps", "kept for", "workers", "size", "written"],
            rows: entries.map { entry in
                guard let key = entry.key else {
                    let what = entry.isUnfinished ? "unfinished" : "damaged"
                    return [.text(entry.name), .text(what)] + Array(repeating: .text("-"), count: 6)
                }
                return [
                    .text(entry.name), .text(key.module), .number(key.epoch), .number(key.step),
                    .text(entry.isPinned ? "the model" : "resuming"), .number(entry.shards.count), .bytes(entry.bytes),
                    .text(entry.written),
                ]
            })
    }

    func ensemble() throws -> Inspection {
        Inspection("ensemble", path: folder, verify: inspector.verify)
    }
}
