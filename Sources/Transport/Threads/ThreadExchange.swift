import Support

extension ThreadCommunicator {
    /// The receives from one peer, in order.
    private struct Inbox {
        var peer: Int
        var places: [UnsafeMutableRawBufferPointer] = []
        var filled = 0
        var isFull: Bool { filled == places.count }
    }

    public func exchange(send: [Message], receive: [Message]) throws {
        let began = PollInterval.now()
        job.monitor.lock()
        defer {
            job.waited[jobRank] += PollInterval.now() - began
            job.monitor.unlock()
        }
        try job.check()
        let parcels = send.map(offer)
        do {
            var inboxes = self.inboxes(receive)
            while true {
                for i in inboxes.indices { try fill(&inboxes[i]) }
                if inboxes.allSatisfy(\.isFull), try parcels.allSatisfy(isTaken) { return }
                try job.check()
                try checkPresent(inboxes, parcels)
                // What came while `fill` copied without the lock has signalled nobody who waits: look again first.
                if !inboxes.contains(where: { !$0.isFull && !group.parcels[rank][$0.peer].isEmpty }) {
                    job.monitor.wait(jobRank)
                }
            }
        } catch {
            withdraw(parcels)
            throw error
        }
    }

    private func offer(_ message: Message) -> Parcel {
        let parcel = Parcel(bytes: UnsafeRawBufferPointer(message.bytes), target: message.peer)
        group.parcels[message.peer][rank].append(parcel)
        job.monitor.signal(group.members[message.peer])
        return parcel
    }

    private func inboxes(_ receive: [Message]) -> [Inbox] {
        var inboxes: [Inbox] = []
        for message in receive {
            if let i = inboxes.firstIndex(where: { $0.peer == message.peer }) {
                inboxes[i].places.append(message.bytes)
            } else {
                inboxes.append(Inbox(peer: message.peer, places: [message.bytes]))
            }
        }
        return inboxes
    }

    /// Copies what the peer has offered so far; the lock is open while bytes move.
    private func fill(_ inbox: inout Inbox) throws {
        while !inbox.isFull, !group.parcels[rank][inbox.peer].isEmpty {
            let parcel = group.parcels[rank][inbox.peer].removeFirst()
            let place = inbox.places[inbox.filled]
            let sender = group.members[inbox.peer]
            guard parcel.bytes.count == place.count else {
                parcel.state = .refused(expected: place.count)
                job.monitor.signal(sender)
                throw sizesDiffer(sent: parcel.bytes.count, from: inbox.peer, expected: place.count, by: rank)
            }
            parcel.state = .copying
            job.monitor.unlock()
            place.copyMemory(from: parcel.bytes)
            job.monitor.lock()
            parcel.state = .done
            job.monitor.signal(sender)
            inbox.filled += 1
        }
    }

    private func isTaken(_ parcel: Parcel) throws -> Bool {
        switch parcel.state {
        case .waiting, .copying: return false
        case .done: return true
        case .refused(let expected):
            throw sizesDiffer(sent: parcel.bytes.count, from: rank, expected: expected, by: parcel.target)
        }
    }

    /// Throws where a rank that this one still waits for has ended.
    private func checkPresent(_ inboxes: [Inbox], _ parcels: [Parcel]) throws {
        let missed = inboxes.filter { !$0.isFull && group.parcels[rank][$0.peer].isEmpty }.map(\.peer)
        let open = parcels.filter { if case .waiting = $0.state { true } else { false } }.map(\.target)
        guard let peer = (missed + open).first(where: { job.ended[group.members[$0]] }) else { return }
        throw Failure(.outOfResources, "rank \(group.members[peer]) ended while rank \(jobRank) had messages to exchange with it")
    }

    /// Takes back what nobody has begun to copy, and waits for the rest: the memory is the caller's again.
    private func withdraw(_ parcels: [Parcel]) {
        for parcel in parcels {
            group.parcels[parcel.target][rank].removeAll { $0 === parcel }
            while case .copying = parcel.state { job.monitor.wait(jobRank) }
        }
    }
}

/// A send and its receive do not agree: a programmer's error, told by both sides.
func sizesDiffer(sent: Int, from sender: Int, expected: Int, by receiver: Int) -> Failure {
    Failure(
        .outOfResources, "a message between ranks has the wrong size", at: "rank \(sender) to rank \(receiver)",
        found: "\(sent) bytes sent", expected: "\(expected) bytes", advice: "this is a fault of the program: please report it")
}
