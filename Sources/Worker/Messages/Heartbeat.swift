import Diagnostics
import Foundation
import Transport

/// Tells the coordinator every few seconds that this process lives, by a thread of its own: the main one may compute for
/// minutes without a message.
public final class Heartbeat: @unchecked Sendable {
    private let world: any Communicator
    private let seconds: Double
    private let stopping = Alarm(), stopped = Alarm()

    /// Starts it. `stop` must be called before the communicator ends.
    public init(world: any Communicator, everySeconds seconds: Double) {
        self.world = world
        self.seconds = seconds
        let thread = Thread { [self] in beat() }
        thread.name = "heartbeat"
        thread.start()
    }

    /// Where `silence` seconds without a word end the job, several beats go into them.
    public static func interval(silence: Double) -> Double { min(5, silence / 4) }

    private func beat() {
        // Who can't send is heard no more, which is what the coordinator looks for.
        while !stopping.wait(seconds: seconds) { try? world.report(.heartbeat) }
        stopped.ring()
    }

    public func stop() {
        stopping.ring()
        stopped.wait(seconds: nil)
    }
}
