/// One message of an exchange: bytes that go to, or come from, the rank `peer`.
public struct Message {
    public var peer: Int
    public var bytes: UnsafeMutableRawBufferPointer
    public init(peer: Int, bytes: UnsafeMutableRawBufferPointer) {
        self.peer = peer
        self.bytes = bytes
    }
}

/// A group of ranks that exchange messages: what Coordinator and Worker see of MPI.
///
/// Two implementations: `MPICommunicator`, and `ThreadCommunicator` (ranks are threads of one process). Both wait
/// without burning a core. The collectives are written once, over `exchange` (Collectives.swift), so both transports
/// run the same code; MPI's own take the place of some that only move bytes, where they are faster. Calls of one communicator are made by one thread of each rank at a time, but `post`, `poll` and
/// `abort` by any.
public protocol Communicator: AnyObject {
    /// This rank's number, 0 ..< size.
    var rank: Int { get }
    var size: Int { get }
    /// Where this rank runs, for messages to a person.
    var host: String { get }

    /// Sends and receives all the messages given, and returns when all are complete. Sizes of a send and of its
    /// receive are equal; several messages between two ranks arrive in order. Longer than 2³¹−1 bytes is fine.
    func exchange(send: [Message], receive: [Message]) throws

    /// Begins what `exchange` does. The messages move while the caller works, as far as the transport can; they are complete, and
    /// their memory is the caller's again, when `finish` of the result returns. All ranks begin their exchanges in one order.
    func begin(send: [Message], receive: [Message]) throws -> Pending

    /// Copies the root's bytes to all ranks; every rank gives as many bytes.
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer, root: Int) throws

    /// Collects every rank's bytes at every rank: `parts[r]` becomes rank r's `mine`, of equal size; sizes may differ
    /// between ranks. `mine` may be `parts[rank]` itself.
    func allgather(_ mine: UnsafeRawBufferPointer, into parts: [UnsafeMutableRawBufferPointer]) throws

    /// Sends a small message with a tag to `peer`; returns at once (the bytes are copied).
    func post(_ bytes: [UInt8], to peer: Int, tag: Int) throws
    /// The next message with the tag from `peer` (nil: from anyone), or nil where none has arrived.
    func poll(from peer: Int?, tag: Int) throws -> (peer: Int, bytes: [UInt8])?

    /// Ranks with the same `color` form a new communicator, in the order of `key`; nil color: in none. Collective.
    func split(color: Int?, key: Int) throws -> (any Communicator)?
    /// The ranks that share this rank's memory (the same node). Collective.
    func splitByNode() throws -> any Communicator

    /// Zeros that all ranks of this communicator see, which must run on one node. Collective; nil on all where the system refuses
    /// it to one.
    func sharedMemory(floats: Int) throws -> SharedMemory?

    /// Seconds that this rank has spent in `exchange` and at barriers of shared memory, over this communicator and all that share its origin.
    var waitedSeconds: Double { get }

    /// Ends all ranks of the job at once with the exit code.
    func abort(code: Int32) -> Never
}
