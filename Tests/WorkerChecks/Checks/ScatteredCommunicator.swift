import Transport

/// Ranks that share no node with each other, as they are told: what they have for one another, they must send.
public final class ScatteredCommunicator: Communicator {
    private let base: any Communicator

    public init(_ base: any Communicator) { self.base = base }

    public var rank: Int { base.rank }
    public var size: Int { base.size }
    public var host: String { base.host }
    public var waitedSeconds: Double { base.waitedSeconds }

    public func exchange(send: [Message], receive: [Message]) throws { try base.exchange(send: send, receive: receive) }
    public func begin(send: [Message], receive: [Message]) throws -> Pending { try base.begin(send: send, receive: receive) }
    public func post(_ bytes: [UInt8], to peer: Int, tag: Int) throws { try base.post(bytes, to: peer, tag: tag) }
    public func poll(from peer: Int?, tag: Int) throws -> (peer: Int, bytes: [UInt8])? { try base.poll(from: peer, tag: tag) }

    public func split(color: Int?, key: Int) throws -> (any Communicator)? {
        try base.split(color: color, key: key).map(ScatteredCommunicator.init)
    }

    public func splitByNode() throws -> any Communicator {
        guard let alone = try base.split(color: rank, key: 0) else { preconditionFailure("each rank has its color") }
        return alone
    }

    public func sharedMemory(floats: Int) throws -> SharedMemory? { nil }
    public func abort(code: Int32) -> Never { base.abort(code: code) }
}
