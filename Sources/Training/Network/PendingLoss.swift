import Devices

/// A worker's part of the summed loss of one step, which its device may still be working on.
package struct PendingLoss: Sendable {
    private var parts: [StepLosses] = []

    package init() {}

    mutating func add(_ losses: StepLosses) { parts.append(losses) }

    /// Waits for the device. Call it once.
    package func value() -> Double { parts.reduce(0) { $1.values().reduce($0, +) } }
}

/// The summed loss of an epoch, and the first step whose loss was no number.
///
/// A step's loss is not asked for while the device works on it, but only when `settle` is called: reading it earlier would leave the
/// device idle until the host has put the next batch together.
struct EpochLoss {
    private var pending: [(place: Int, loss: PendingLoss)] = []
    private(set) var sum = 0.0
    /// Steps up to and with that one, of the epoch; `.max`: all are numbers.
    private(set) var divergedAt = Int.max

    /// - Parameter place: of the step in its epoch, from 0.
    mutating func add(_ loss: PendingLoss, at place: Int) { pending.append((place, loss)) }

    /// Takes in all steps that were added.
    mutating func settle() {
        for (place, loss) in pending {
            sum += loss.value()
            if !sum.isFinite { divergedAt = min(divergedAt, place + 1) }
        }
        pending.removeAll(keepingCapacity: true)
    }
}
