import Foundation
import Support

// Finding the checkpoint to resume from.
extension CheckpointStore {
    /// The newest whole checkpoint by (module, epoch, step), every byte of it checked; nil where there is none.
    ///
    /// Those of modules beside others (`besideEnding`) are no place to go on from. Damaged ones are named through `notice` and passed
    /// over, and so are those that name an epoch beside them that is lost or damaged: training from there could not end as it should.
    /// Reads all of the checkpoint once: the leader calls it, the other workers `open` the key that it found.
    ///
    /// - Parameter state: the key under which a checkpoint names the epoch of the one beside it that it needs; nil: it needs none.
    /// - Throws: `Failure(.usage)` where the newest belongs to another config, data set or seed: it names what differs.
    public func newest(beside state: String? = nil) throws -> CheckpointReader? {
        try newestWhole(of: nil, beside: state, orElse: "starting over")
    }

    /// The newest whole pinned checkpoint of `module`, found and checked as by `newest`.
    ///
    /// - Parameter epoch: nil: of any.
    public func pinned(module: String, epoch: Int? = nil) throws -> CheckpointReader? {
        try newestWhole(of: module, epoch: epoch, orElse: "module \(module) must be trained again")
    }

    /// The checkpoint `key`, which another rank's `newest` or `pinned` has checked: only its manifest is.
    ///
    /// - Throws: `Failure(.damagedCheckpoint)` where it is not there.
    public func open(_ key: CheckpointKey) throws -> CheckpointReader {
        let folder = path(key.folder)
        switch try Manifest.read(in: folder) {
        case .success(let manifest):
            try identity.check(manifest.identity, at: folder)
            return CheckpointReader(folder: folder, manifest: manifest)
        case .failure(let damage): throw Self.missing(folder, found: damage.reason)
        case nil: throw Self.missing(folder, found: "no manifest")
        }
    }

    private static func missing(_ folder: String, found: String) -> Failure {
        Failure(
            .damagedCheckpoint, "there is no whole checkpoint", at: folder, found: found,
            expected: "the checkpoint that the group's leader found", advice: "see whether all nodes share the folder")
    }

    /// - Parameter pinnedModule: only pinned checkpoints of this module; nil: all.
    private func newestWhole(
        of pinnedModule: String?, epoch: Int? = nil, beside state: String? = nil, orElse: String
    ) throws -> CheckpointReader? {
        let (manifests, damagedManifests) = try self.manifests()
        var damages = damagedManifests.filter { pinnedModule == nil || $0.0.module == pinnedModule }.map { folder, damage in
            "\(path(folder))/\(Manifest.fileName) is damaged (\(damage.reason))"
        }
        func isWanted(_ manifest: Manifest) -> Bool {
            guard let pinnedModule else { return !manifest.key.module.hasSuffix(Self.besideEnding) }
            return manifest.pinned && manifest.key.module == pinnedModule && epoch ?? manifest.key.epoch == manifest.key.epoch
        }
        for manifest in manifests where isWanted(manifest) {
            let folder = path(manifest.key.folder)
            try identity.check(manifest.identity, at: folder)
            if let obstacle = try obstacle(manifest, beside: state, among: manifests) {
                damages.append(obstacle)
                known.withLock { _ = $0.damaged.insert(manifest.key.folder.name) }
                continue
            }
            tell(damages, using: "using \(manifest.key.folder.name)")
            if manifest.identity.programVersion != identity.programVersion {
                notice(
                    "\(folder) was written by version \(manifest.identity.programVersion); this is \(identity.programVersion)")
            }
            return CheckpointReader(folder: folder, manifest: manifest)
        }
        tell(damages, using: "no whole checkpoint stands before it, \(orElse)")
        return nil
    }

    private func tell(_ damages: [String], using instead: String) {
        for damage in damages { notice("\(damage): \(instead)") }
    }

    /// Why a checkpoint is of no use; nil: it is.
    private func obstacle(_ manifest: Manifest, beside state: String?, among manifests: [Manifest]) throws -> String? {
        let folder = path(manifest.key.folder)
        if let (file, damage) = try firstDamage(manifest, in: folder) { return "\(folder)/\(file) is damaged (\(damage.reason))" }
        guard let state, !manifest.pinned, let epoch = manifest.state[state] else { return nil }
        let module = manifest.key.module + Self.besideEnding
        guard let beside = manifests.first(where: { $0.key.module == module && "\($0.key.epoch)" == epoch }) else {
            return "\(folder) needs a whole checkpoint \(module) of epoch \(epoch)"
        }
        let place = path(beside.key.folder)
        return try firstDamage(beside, in: place).map { file, damage in "\(place)/\(file) is damaged (\(damage.reason))" }
    }

    private func firstDamage(_ manifest: Manifest, in folder: String) throws -> (String, Damage)? {
        for receipt in manifest.shards {
            if let damage = try receipt.damage(in: folder) { return (receipt.file, damage) }
        }
        return nil
    }

    /// Every manifest that can be trusted, newest first, and the folders whose manifest cannot.
    func manifests() throws -> (whole: [Manifest], damaged: [(CheckpointFolder, Damage)]) {
        var whole = [Manifest]()
        var damaged = [(CheckpointFolder, Damage)]()
        for folder in try folders() {
            switch try Manifest.read(in: path(folder)) {
            case .success(let manifest) where manifest.key.folder == folder: whole.append(manifest)
            case .success: damaged.append((folder, Damage("it belongs to another folder")))
            case .failure(let damage): damaged.append((folder, damage))
            case nil: break
            }
        }
        known.withLock { known in
            for manifest in whole { known.moduleIndex[manifest.key.module] = manifest.key.moduleIndex }
            for (folder, _) in damaged { known.damaged.insert(folder.name) }
        }
        return (whole.sorted { $0.key > $1.key }, damaged)
    }

    /// The folders that are named like a checkpoint, in order of name.
    func folders() throws -> [CheckpointFolder] {
        var status = stat()
        if stat(folder, &status) != 0, errno == ENOENT { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().compactMap(CheckpointFolder.init(name:))
        } catch {
            throw Failure(
                .usage, "the folder of checkpoints cannot be listed", at: folder, found: "\(error.localizedDescription)",
                advice: "see whether --work names the right folder, and who may read it")
        }
    }
}
