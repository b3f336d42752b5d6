import CMPI

extension MPICommunicator {
    public func split(color: Int?, key: Int) throws -> (any Communicator)? {
        precondition(color ?? 0 >= 0, "a color is 0 or more")
        return try adopt("MPI_Comm_split") {
            MPI_Comm_split(exchangeHandle, color.map { Int32($0) } ?? cmpi_undefined(), Int32(key), $0)
        }
    }

    public func splitByNode() throws -> any Communicator { try nodeCommunicator() }

    private func nodeCommunicator() throws -> MPICommunicator {
        let node = try adopt("MPI_Comm_split_type") {
            MPI_Comm_split_type(exchangeHandle, cmpi_comm_type_shared(), Int32(rank), cmpi_info_null(), $0)
        }
        guard let node else { preconditionFailure("each rank is on a node") }
        return node
    }

    /// The communicator that `make` gives, or nil where this rank is in none.
    private func adopt(_ call: String, _ make: (UnsafeMutablePointer<MPI_Comm?>) -> Int32) throws -> MPICommunicator? {
        // MPI's own collectives spin until the last rank comes; this barrier naps.
        try barrier()
        var handle: MPI_Comm?
        return try library.locked {
            try check(make(&handle), call)
            guard handle != cmpi_comm_null() else { return nil }
            let communicator = try MPICommunicator(duplicating: handle, isOversubscribed: isOversubscribed, library: library)
            try check(MPI_Comm_free(&handle), "MPI_Comm_free")
            return communicator
        }
    }

    /// Whether more computing ranks than cores share this node. Collective.
    ///
    /// `mpirun` may bind each rank to a core of its own, so the cores are those that any rank of the node may use.
    func findOversubscription(computes: Bool) throws -> Bool {
        let node = try nodeCommunicator()
        var mine = [UInt8](repeating: 0, count: Self.affinityBytes)
        _ = cmpi_affinity(&mine, UInt(mine.count))
        let masks = try node.allgatherBytes(mine)
        let union = masks.dropFirst().reduce(masks[0]) { zip($0, $1).map { $0 | $1 } }
        let cores = union.reduce(0) { $0 + $1.nonzeroBitCount }
        let computing = try node.allgatherCounts(computes ? 1 : 0).reduce(0, +)
        return cores > 0 && computing > cores
    }

    /// Room for the masks of 8,192 cores, the most that Linux may be built for.
    private static var affinityBytes: Int { 1024 }
}
