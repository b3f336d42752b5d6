import Checkpoint
import Config
import Transport

/// The locks of a run: of each learner that it trains or reads, and of the ensemble where it writes that.
final class RunLocks {
    private var locks: [RunLock] = []

    /// - Throws: `Failure(.usage)` that says which other job works there; no lock is held then.
    init(_ options: TrainOptions, notice: (String) -> Void) throws {
        let ensemble = options.learnersOnly ? [] : [options.resultFolder]
        // In one order for all jobs, so that of two that want the same learners one gets them all.
        let folders = ensemble + options.seeds.sorted().map { options.resultFolder(seed: $0) }
        do {
            let holder = LockHolder.current()
            var ended: LockHolder?
            for folder in folders {
                let lock = try RunLock(folder: folder, holder: holder, ended: ended, notice: notice)
                locks.append(lock)
                ended = lock.predecessor ?? ended
            }
        } catch {
            release()
            throw error
        }
    }

    /// - Throws: `Failure` where another job has taken one of the locks over.
    func check() throws {
        for lock in locks { try lock.check() }
    }

    func release() {
        for lock in locks { lock.release() }
        locks = []
    }
}
