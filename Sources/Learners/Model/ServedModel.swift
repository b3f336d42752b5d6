import Checkpoint
import Datasets
import Devices
import Foundation
import Support

/// How a model's weights stand in the file that ranks map.
public struct ServingLayout: Sendable, Equatable {
    /// nil: as they were trained.
    public var weights: NarrowWeights?
    /// Share of the classifiers' weights that is left out, the smallest first; of sparse classifiers alone.
    public var pruned: Double

    public init(weights: NarrowWeights? = nil, pruned: Double = 0) { (self.weights, self.pruned) = (weights, pruned) }

    /// In words, for people and for the file; empty where the model is as it was trained.
    public var text: String {
        let share =
            pruned > 0
            ? "without the smallest \((100 * pruned).formatted(.number.locale(.init(identifier: "en_US_POSIX")))) % of the weights"
            : nil
        return [weights?.rawValue, share].compactMap { $0 }.joined(separator: ", ")
    }
}

/// The file that a model is laid out in for prediction, while it is written.
package struct ServingWriter: ~Copyable {
    package var file: ArrayFileWriter
    package let layout: ServingLayout
    package let device: any Device
}

extension TrainedModel {
    /// The file beside the checkpoints in which the model lies as prediction reads it: made from them by the first prediction, mapped by
    /// all. A compressed model has it alone.
    public static let servingFile = "serving.dxa"
    /// The file's attribute that says what was done to the weights.
    public static let compressionAttribute = "compression"
    private static let originAttribute = "origin"

    public var servingPath: String { "\(folder)/\(Self.servingFile)" }

    /// What was done to the weights, in words; nil where they are as they were trained.
    public var compression: String? { served?.attributes[Self.compressionAttribute] }

    /// Lays the model out for prediction at `path`. Holds the largest of its layouts in memory, and what that is made of.
    ///
    /// - Throws: `Failure` where a checkpoint is damaged, the disk is full, or the framework cannot be compressed so.
    public func layOut(_ layout: ServingLayout, at path: String, on device: any Device) throws {
        var writer = ServingWriter(
            file: try ArrayFileWriter(path: path, team: device.team), layout: layout, device: device)
        writer.file.set(Self.originAttribute, try origin())
        if !layout.text.isEmpty { writer.file.set(Self.compressionAttribute, layout.text) }
        try learner.layOut(self, into: &writer)
        try writer.commit()
    }

    /// The model with the file mapped that it was laid out in; nil where there is none of these checkpoints.
    ///
    /// - Throws: `Failure` where the checkpoints' descriptions cannot be read.
    public func mapped() throws -> TrainedModel? {
        if served != nil { return self }
        guard isFile(servingPath), let file = try? ArrayFile(mapping: servingPath) else { return nil }
        return file.attributes[Self.originAttribute] == (try origin()) ? serving(file) : nil
    }

    /// What the file is made of: it is another where a checkpoint, or the program's layout, is another.
    private func origin() throws -> String {
        let entries = try CheckpointEntry.all(in: folder).filter(\.isPinned)
        let parts =
            ["layout 1", description.identity.dataFingerprint, description.identity.configFingerprint]
            + entries.flatMap { entry in [entry.name] + entry.shards.map { "\($0.file) \($0.checksum)" } }
        return ContentHash.hex(ContentHash.of(parts.joined(separator: "\n").utf8))
    }

    /// The mapped file of a compressed model's folder; nil: the folder has checkpoints.
    static func compressedFile(_ folder: String) throws -> ArrayFile? {
        guard isFile("\(folder)/\(servingFile)"), try CheckpointEntry.all(in: folder).isEmpty else { return nil }
        return try ArrayFile(mapping: "\(folder)/\(servingFile)")
    }

    /// The training data that prediction reads beside the mapped file: ids of labels and how frequent they are, and documents where they
    /// are searched.
    public func dataToPredict() throws -> XCDataset {
        try learner.predictsByTrainingDocuments ? data : data.withoutDocuments
    }

    /// Bytes of the mapped file; nil: none is.
    public var servedBytes: Int? { served?.count }

    /// Compares the mapped file with its digests; nothing where none is mapped.
    ///
    /// - Throws: `Failure(.damagedCheckpoint)` where it is not as it was written.
    public func checkServed(_ team: ThreadTeam) throws { try served?.check(team) }

    /// What prediction reads of a module: from the mapped file, or from its checkpoint.
    ///
    /// - Throws: as `checkpoint`.
    package func parameters(_ module: String) throws -> CheckpointReader {
        if let served, let reader = try CheckpointReader(served, module: module) { return reader }
        return try checkpoint(module)
    }
}

extension ServingWriter {
    consuming func commit() throws { try file.commit() }

    /// Copies arrays of a checkpoint, token embeddings and classifiers in few bytes where the layout says so.
    package mutating func copy(_ reader: CheckpointReader, where isWanted: (String) -> Bool = { _ in true }) throws {
        try file.begin(reader)
        for name in reader.names where isWanted(name) {
            if let weights = layout.weights, ["encoder", "classifier.weight"].contains(name) {
                try file.narrow(name, of: reader, weights == .int8 ? .int8 : .bfloat16)
            } else {
                try file.copy(name, of: reader)
            }
        }
    }

    /// Of lists of documents, only how they were found counts.
    package mutating func copyMethod(_ reader: CheckpointReader) throws {
        try file.begin(reader)
        for name in reader.names where name == "test.ids" {
            let rows = try reader.extent(name).rows
            try file.write("\(reader.key.module)/\(name)", Buffer<Int32>(count: 0), .int32, rows: rows, cols: 0)
        }
    }

    /// - Throws: `Failure` where weights are to be left out.
    package func refusePruning(_ framework: String) throws {
        guard layout.pruned > 0 else { return }
        throw Failure(
            .usage, "dense classifiers take as much room without their smallest weights", at: "--prune",
            found: "a model of \(framework)", expected: "a model of sparse classifiers: SparseSlice or DiSMEC",
            advice: "leave --prune out, and give --precision bfloat16 or int8")
    }
}
