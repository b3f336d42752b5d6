import Foundation
import Support
import Transport

/// Signs of life between the coordinator and all other ranks, every few seconds, by a thread of its own: the main one may
/// compute for minutes without a message.
///
/// The coordinator's own loop looks for those of the workers (`TrainingRun`); theirs of the coordinator are looked for here.
public final class Heartbeat: @unchecked Sendable {
    private let world: any Communicator
    private let seconds: Double
    private let coordinatorIsSilent: (Failure) -> Void
    private let stopping = WaitFlag(), stopped = WaitFlag()

    /// Starts it. `stop` must be called before the communicator ends.
    ///
    /// - Parameters:
    ///   - silence: seconds without a sign of life after which a rank is given up.
    ///   - coordinatorIsSilent: called at most once, by the thread of a worker; the coordinator is never the caller.
    public init(world: any Communicator, silence: Double, coordinatorIsSilent: @escaping (Failure) -> Void) {
        self.world = world
        self.coordinatorIsSilent = coordinatorIsSilent
        // Several beats go into it.
        seconds = min(5, silence / 4)
        let thread = Thread { [self] in
            if self.world.rank == 0 { beat() } else { beatAndWatch(silence) }
            stopped.set()
        }
        thread.name = "heartbeat"
        thread.start()
    }

    /// Who can't send is heard no more, which is what the others look for.
    private func beat() {
        let own = Array(world.host.utf8)
        while !stopping.wait(seconds: seconds) {
            for rank in 1..<world.size { try? world.post(own, to: rank, tag: MessageTag.heartbeat) }
        }
    }

    private func beatAndWatch(_ silence: Double) {
        let time = Stopwatch()
        var watchdog = Watchdog(
            ranks: [0], timeout: silence, hosts: [], now: 0, looksEvery: seconds, patience: patience(of: world.rank))
        while !stopping.wait(seconds: seconds) {
            try? world.report(.heartbeat)
            while let (rank, host) = (try? world.poll(from: 0, tag: MessageTag.heartbeat)) ?? nil {
                watchdog.heard(rank, on: String(decoding: host, as: UTF8.self), now: time.seconds)
            }
            do { try watchdog.look(now: time.seconds) } catch {
                return coordinatorIsSilent(error)
            }
        }
    }

    /// One worker is enough to end the job and say why: each waits until the launcher has had the time to end it (2 s after
    /// the first has spoken) before it speaks too.
    private func patience(of rank: Int) -> Double { Double(min(rank - 1, 10)) * (seconds + 3) }

    public func stop() {
        stopping.set()
        stopped.wait(seconds: nil)
    }
}
