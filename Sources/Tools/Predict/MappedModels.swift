import Checkpoint
import Devices
import Foundation
import Learners
import Messages
import Support
import Transport

/// Brings models into memory once a node: their arrays come from files that all ranks map (`TrainedModel.servingFile`).
///
/// The first prediction makes a model's file from its checkpoints. One rank of each node compares a file with its digests, each time.
struct MappedModels {
    let world: any Communicator
    let team: ThreadTeam
    /// Files that are missing are made.
    let writes: Bool

    /// The models with their files mapped; those that cannot have one as they are: each rank then reads the checkpoints for itself.
    ///
    /// Collective.
    ///
    /// - Parameter notice: is told in a sentence, at rank 0, of files that were made or could not be.
    /// - Throws: `EndedTogether` where a file is damaged, a model is, or memory or disk is used up while one is made.
    func open(_ models: [TrainedModel], notice: (String) -> Void) throws -> [TrainedModel] {
        try models.map { model in
            _ = try EndedTogether.unlessAll(Result { try makeFile(of: model, notice: notice) }, world)
            // Where nodes share no folder, each rank sees what its own node has.
            let mapped = Result { try model.mapped() ?? model }
            let node = try world.splitByNode()
            let checked = mapped.flatMap { model in Result { try node.rank == 0 ? model.checkServed(team) : () } }
            _ = try EndedTogether.unlessAll(checked, world)
            return try mapped.get()
        }
    }

    private func makeFile(of model: TrainedModel, notice: (String) -> Void) throws {
        guard writes, world.rank == 0, try model.mapped() == nil else { return }
        let began = Stopwatch()
        do {
            try ProgressScope.stage("laying the model out") { _ in
                try model.layOut(ServingLayout(), at: model.servingPath, on: CPUDevice(team: team))
            }
            let bytes = (try? FileManager.default.attributesOfItem(atPath: model.servingPath)[.size] as? Int) ?? 0
            notice(
                "\(model.servingPath): laid out for prediction (\(Quantity.bytes(bytes)), \(Quantity.seconds(began.seconds)), once)"
            )
        } catch let failure as Failure where failure.code == .outOfResources || failure.place == model.servingPath {
            notice("no file for all ranks to share, so each reads the model for itself: \(Failure.short(failure))")
        }
    }
}

extension TrainedModel {
    /// Bytes of what prediction holds of the model in memory, about.
    func bytesToPredict() throws -> Int {
        if let bytes = servedBytes { return bytes }
        let stored = try CheckpointEntry.all(in: folder).filter(\.isPinned).reduce(0) { $0 + $1.bytes }
        return stored + stored / 2
    }
}
