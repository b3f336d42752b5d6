import Messages
import Support
import Synchronization
import Testing
import Transport

@Suite struct WatchdogTests {
    private func dog(timeout: Double = 10) -> Watchdog {
        Watchdog(ranks: 1...3, timeout: timeout, hosts: ["a", "b", "c", "d"], now: 100)
    }

    /// Looks every half second, as the coordinator does far more often; ranks of `speakers` send before each.
    private func watch(_ dog: inout Watchdog, from: Double, to: Double, speakers: [Int]) throws {
        for now in stride(from: from, through: to, by: 0.5) {
            for rank in speakers { dog.heard(rank, now: now) }
            try dog.look(now: now)
        }
    }

    @Test func theSilentRankIsNamedWithItsHost() throws {
        var dog = dog()
        try watch(&dog, from: 100, to: 110, speakers: [1, 3])
        let failure = #expect(throws: Failure.self) { try dog.look(now: 110.5) }
        #expect(failure?.code == .interrupted && failure?.place == "rank 2 on c")
        #expect(failure?.expected.contains("--silence-timeout is 10") == true)
    }

    @Test func whoSpeaksInTimeIsNotBlamed() throws {
        var dog = dog()
        for start in stride(from: 100.0, to: 200, by: 9) {
            try watch(&dog, from: start, to: start + 8.5, speakers: [])
            for rank in 1...3 { dog.heard(rank, now: start + 9) }
        }
    }

    @Test func whoHasEndedMayBeSilent() throws {
        var dog = dog()
        dog.dismiss([2])
        dog.heard(2, now: 101)
        try watch(&dog, from: 100, to: 150, speakers: [1, 3])
    }

    /// The coordinator merged scores for an hour, or the whole job was suspended.
    @Test func timeInWhichNobodyLookedIsNotSilence() throws {
        var dog = dog()
        try watch(&dog, from: 100, to: 105, speakers: [1, 3])
        try dog.look(now: 3700)
        try watch(&dog, from: 3700, to: 3704, speakers: [1, 3])
        #expect(throws: Failure.self) { try watch(&dog, from: 3704, to: 3712, speakers: [1, 3]) }
    }
}

@Suite struct HeartbeatTests {
    /// A job whose coordinator shows signs of life for `living` of `seconds`; who was told of its silence, and what.
    private func silence(living: Double, of seconds: Double, ranks: Int = 3) throws -> [Int: Failure] {
        let told = Mutex<[Int: Failure]>([:])
        try ThreadCommunicator.run(size: ranks) { world in
            let rank = world.rank
            let heartbeat = Heartbeat(world: world, silence: 1) { failure in told.withLock { $0[rank] = failure } }
            WaitFlag().wait(seconds: rank == 0 ? living : seconds)
            heartbeat.stop()
            try world.barrier()
        }
        return told.withLock { $0 }
    }

    @Test func aCoordinatorThatLivesIsNotBlamed() throws {
        #expect(try silence(living: 3, of: 3).isEmpty)
    }

    /// The others would speak later, were they not ended.
    @Test func oneWorkerSaysThatTheCoordinatorIsSilent() throws {
        let told = try silence(living: 0.6, of: 3)
        let failure = try #require(told[1])
        #expect(told.count == 1 && failure.code == .interrupted)
        #expect(failure.place.hasPrefix("rank 0 on ") && failure.place != "rank 0 on an unknown host")
        #expect(failure.problem.hasPrefix("the coordinator has not been heard of for 1"))
    }

    @Test func whereTheFirstWorkerIsGoneTheNextSpeaks() throws {
        var dog = Watchdog(ranks: [0], timeout: 10, hosts: [], now: 0, looksEvery: 5, patience: 8)
        dog.heard(0, on: "a", now: 1)
        for now in stride(from: 5.0, through: 19, by: 2) { try dog.look(now: now) }
        #expect(throws: Failure.self) { try dog.look(now: 19.5) }
    }

    /// Looks five seconds apart are no absence, eleven are: this worker stood still itself.
    @Test func aWorkerThatStoodStillBlamesNobody() throws {
        var dog = Watchdog(ranks: [0], timeout: 12, hosts: [], now: 0, looksEvery: 5)
        for now in [5.0, 10, 21, 22, 23] { try dog.look(now: now) }
        #expect(throws: Failure.self) { try dog.look(now: 23.5) }
    }
}

@Suite struct NodeCensusTests {
    private func refusal(_ programs: [String]) throws -> Failure? {
        let found = Mutex<Failure?>(nil)
        try ThreadCommunicator.run(size: programs.count) { world in
            let census = try NodeCensus.take(world, ranks: programs.count, program: programs[world.rank])
            #expect(world.rank == 0 ? census.hosts.count == programs.count : census.hosts.isEmpty)
            do { try census.checkPrograms() } catch { found.withLock { $0 = error as? Failure } }
        }
        return found.withLock { $0 }
    }

    @Test func ranksOfOneProgramAreLetIn() throws {
        #expect(try refusal(["1 (build a)", "1 (build a)", "1 (build a)"]) == nil)
    }

    @Test func aRankOfAnotherBuildIsNamed() throws {
        let failure = try refusal(["2 (build b)", "2 (build b)", "1 (build a)", "2 (build b)"])
        #expect(failure?.code == .usage && failure?.place.hasPrefix("rank 2 on ") == true)
        #expect(failure?.found == "1 (build a)" && failure?.expected.hasPrefix("2 (build b)") == true)
    }
}
