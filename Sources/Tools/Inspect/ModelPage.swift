import Checkpoint
import Foundation
import Inference
import Learners
import Support

/// The page of a learner's folder, or of an ensemble's.
struct ModelPage {
    let inspector: Inspector
    init(_ inspector: Inspector) { self.inspector = inspector }
    private var folder: String { inspector.path }

    func model() throws -> Inspection {
        let entries = try CheckpointEntry.all(in: folder)
        var page = Inspection("model", path: folder, verify: inspector.verify)
        let path = "\(folder)/\(ModelDescription.fileName)", isTrained = FileManager.default.fileExists(atPath: path)
        page.add("trained", .text(isTrained ? "yes" : "not yet, or by a version that left no \(ModelDescription.fileName)"))
        if isTrained, let model = page.noting(path, { try ModelDescription(path: path) }) { Self.add(model, to: &page) }
        if let identity = entries.lazy.compactMap(\.identity).first {
            page.add("seed", .number(identity.seed))
            CheckpointPage.add(identity, to: &page)
        }
        page.add("size", .bytes(entries.reduce(0) { $0 + $1.bytes }))
        page.tables.append(Self.table(entries))
        if isTrained { addTrainingData(to: &page) }
        if isTrained { addServingFile(to: &page) }
        for entry in entries {
            for (path, reason) in try entry.damages(checksums: inspector.verify) { page.addDamage(path, reason) }
        }
        return page
    }

    private static func add(_ model: ModelDescription, to page: inout Inspection) {
        page.add("framework", .text(model.framework))
        page.add("architecture", .text(model.archName))
        page.add("named data set", .text(model.dataset))
        page.add("version", .text(model.version))
        for fact in (try? Frameworks.named(model.framework))?.facts(of: model) ?? [] {
            switch fact.value {
            case .number(let number): page.add(fact.name, .number(number))
            case .text(let text): page.add(fact.name, .text(text))
            }
        }
        page.add("labels in file", .count(model.labelsInFile))
        if !model.files.isEmpty { page.add("texts", .text(model.files.joined(separator: ", "))) }
    }

    /// Prediction searches the training documents: without them the checkpoints are no model.
    private func addTrainingData(to page: inout Inspection) {
        let path = "\(folder)/\(TrainedModel.Files.training)"
        guard let part = page.noting(path, { try Inspector(path: path, verify: inspector.verify).inspect() }) else { return }
        page.damages += part.damages
        page.add("training data", .bytes(Inspector.size(path)))
    }

    /// The model as prediction maps it, where it is laid out.
    private func addServingFile(to page: inout Inspection) {
        let path = "\(folder)/\(TrainedModel.servingFile)"
        guard isFile(path), let file = page.noting(path, { try ArrayFile(mapping: path) }) else { return }
        page.add("mapped for prediction", .bytes(file.count))
        if let compression = file.attributes[TrainedModel.compressionAttribute] { page.add("compressed", .text(compression)) }
        if inspector.verify { page.noting(path) { try file.check(ThreadTeam(size: 1)) } }
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
        var page = Inspection("ensemble", path: folder, verify: inspector.verify)
        guard let ensemble = page.noting(folder, { try EnsembleDescription(folder: folder) }) else { return page }
        var table = Inspection.Table("learners", header: ["folder", "seed", "size", "damaged parts"])
        for learner in ensemble.learners {
            let path = learner.hasPrefix("/") ? learner : "\(folder)/\(learner)"
            guard isFile("\(path)/\(ModelDescription.fileName)") || !isFile("\(path)/\(EnsembleDescription.fileName)") else {
                page.addDamage(path, "an ensemble in the place of a learner")
                continue
            }
            guard let part = page.noting(path, { try Inspector(path: path, verify: inspector.verify).inspect() }) else {
                continue
            }
            page.damages += part.damages
            let figure = { (name: String) in part.facts.first { $0.name == name }?.value ?? .text("-") }
            table.rows.append([.text(learner), figure("seed"), figure("size"), .count(part.damages.count)])
        }
        page.tables = [table]
        return page
    }
}
