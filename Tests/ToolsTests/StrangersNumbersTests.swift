import Checkpoint
import Devices
import Foundation
import Inference
import Learners
import Support
import TestSupport
import Testing
import Tools

/// Models whose files have every checksum right and numbers that lead elsewhere: each is refused with the file's name, or scores
/// within its bounds (SECURITY.md). Tests/strangers changes whole models more thoroughly.
@Suite struct StrangersNumbersTests {
    private let scratch: TemporaryFolder
    private let team = ThreadTeam(size: 1)

    init() throws { scratch = try TemporaryFolder() }

    private func failure(_ kind: TrainedLearner, _ model: String, makesFiles: Bool = true) throws -> Failure? {
        var job = PredictionJob(model: model, input: .features(try kind.features()))
        job.output = scratch.file("score.txt")
        job.makesFiles = makesFiles
        do {
            _ = try job.run()
            return nil
        } catch { return error as? Failure }
    }

    private func copied(_ kind: TrainedLearner) throws -> String {
        let model = scratch.file("\(kind.rawValue)-\(UUID())")
        try FileManager.default.copyItem(atPath: kind.model(), toPath: model)
        try? FileManager.default.removeItem(atPath: "\(model)/\(TrainedModel.servingFile)")
        return model
    }

    /// Writes the mapped file again, one array changed or of another extent.
    private func rewrite(
        _ path: String, _ attributes: [String: String] = [:], _ name: String = "", rows: Int? = nil,
        _ change: (Buffer<UInt8>) -> Void = { _ in }
    ) throws {
        let file = try ArrayFile(mapping: path)
        var writer = try ArrayFileWriter(path: path + ".new", team: team)
        for (key, value) in file.attributes { writer.set(key, attributes[key] ?? value) }
        for array in file.names {
            guard let extent = file.extent(array), let type = file.type(array) else { continue }
            let bytes = Buffer<UInt8>(try content(file, array, type).array)
            if array == name { change(bytes) }
            let count = array == name ? rows ?? extent.rows : extent.rows
            let kept = extent.cols == 0 ? bytes : bytes.view(0..<min(bytes.count, count * extent.cols * type.size))
            try writer.write(array, kept, type, rows: count, cols: extent.cols)
        }
        try writer.commit()
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: path + ".new", toPath: path)
    }

    private func content(_ file: ArrayFile, _ name: String, _ type: ArrayType) throws -> Buffer<UInt8> {
        switch type.size {
        case 1: try file.array(name)
        case 2: try file.array(name, as: UInt16.self).asBytes
        case 4: try file.array(name, as: UInt32.self).asBytes
        default: try file.array(name, as: UInt64.self).asBytes
        }
    }

    /// A model that is mapped: `kind` as the first prediction lays it out, or compressed.
    private func served(_ kind: TrainedLearner, _ weights: NarrowWeights?) throws -> String {
        let model = try copied(kind)
        guard let weights else {
            #expect(try failure(kind, model) == nil)
            return model
        }
        let small = scratch.file("small-\(UUID())")
        _ = try Compression(model: model, output: small, layout: ServingLayout(weights: weights)).run()
        return small
    }

    @Test(
        "Every array of a mapped model, numbers out of range",
        arguments: [
            (TrainedLearner.sparseSlice, nil as NarrowWeights?), (.sparseSlice, .int8), (.sparseSlice, .bfloat16),
            (.dismec, nil), (.dismec, .int8),
        ])
    func mappedArrays(kind: TrainedLearner, weights: NarrowWeights?) throws {
        let model = try served(kind, weights), path = "\(model)/\(TrainedModel.servingFile)"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path)), file = try ArrayFile(mapping: path)
        let numbers = file.names.filter { [.int32, .int64].contains(file.type($0)) }
        #expect(numbers.count >= (weights == nil ? 3 : 1))
        for name in numbers {
            let size = file.type(name)?.size ?? 4
            for wrong in [Int64(-1), Int64(Int32.max), .max, .min] {
                for isLast in [false, true] {
                    try rewrite(path, [:], name) { bytes in
                        let place = isLast ? bytes.count - size : bytes.count / size / 2 * size
                        withUnsafeBytes(of: wrong) {
                            for i in 0..<size { bytes[place + i] = $0[size == 4 && wrong == .min ? i + 4 : i] }
                        }
                    }
                    let failure = try failure(kind, model)
                    // How often a label occurs may be any number that is not negative.
                    if name == "positives", wrong > 0, failure == nil { continue }
                    #expect(failure?.place.hasPrefix("\(path): \(name)[") == true && failure?.code == .usage, "\(name): \(wrong)")
                    try whole.write(to: URL(fileURLWithPath: path))
                }
            }
        }
    }

    @Test(
        "Every array of a mapped model, shorter by a row",
        arguments: [
            (TrainedLearner.sparseSlice, nil as NarrowWeights?), (.dismec, .int8), (.oneVsAll, nil), (.oneVsAll, .int8),
            (.deepXML, nil),
            (.rerankedOneVsAll, nil), (.slice, nil), (.layers, nil), (.movingShortlists, .bfloat16),
        ])
    func shortArrays(kind: TrainedLearner, weights: NarrowWeights?) throws {
        let model = try served(kind, weights), path = "\(model)/\(TrainedModel.servingFile)"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path)), file = try ArrayFile(mapping: path)
        for name in file.names {
            guard let (rows, cols) = file.extent(name), rows > 0, cols > 0 else { continue }
            // Lists of the training's own documents are not read.
            if ["test.", "train."].contains(where: name.contains) { continue }
            try rewrite(path, [:], name, rows: rows - 1)
            let failure = try failure(kind, model)
            #expect(failure?.code == .usage || failure?.code == .damagedCheckpoint, "\(name) of \(rows)×\(cols)")
            try whole.write(to: URL(fileURLWithPath: path))
        }
    }

    @Test("Features of classifiers in a checkpoint", arguments: [TrainedLearner.sparseSlice, .dismec])
    func checkpointArrays(kind: TrainedLearner) throws {
        for array in ["classifier.columns", "classifier.counts"] {
            for wrong in [Int32(-1), .max, .min, 1 << 20] {
                let model = try copied(kind)
                try rewriteCheckpoint(model, module: "classifiers", array, wrong)
                for makesFiles in [false, true] {
                    let failure = try failure(kind, model, makesFiles: makesFiles)
                    #expect(failure != nil && failure?.place.contains("ckpt_classifiers") == true, "\(array): \(wrong)")
                }
                #expect(throws: Failure.self) {
                    try Extraction(.classifierWeights).matrix(of: TrainedModel.open(folder: model))
                }
            }
        }
    }

    /// The module's result written by one worker, the middle of an array another number.
    private func rewriteCheckpoint(_ model: String, module: String, _ name: String, _ wrong: Int32) throws {
        let entry = try #require(try CheckpointEntry.all(in: model).first { $0.key?.module == module && $0.isPinned })
        let reader = try entry.reader(), key = reader.key
        let arrays = try reader.names.map { array in
            if reader.scalar(array) == .int32 {
                let numbers = Buffer<Int32>((try reader.replicated(array) as Buffer<Int32>).array)
                if array == name { numbers[numbers.count / 2] = wrong }
                return StoredArray(array, numbers)
            }
            return StoredArray(array, try reader.replicated(array) as Buffer<Float>)
        }
        let identity = try #require(entry.identity)
        try FileManager.default.removeItem(atPath: entry.folder)
        let store = CheckpointStore(folder: model, identity: identity)
        let receipt = try store.writeShard(key, shard: 0, of: 1, arrays: arrays)
        try store.commit(key, receipts: [receipt], state: reader.state, pinned: true)
    }
}
