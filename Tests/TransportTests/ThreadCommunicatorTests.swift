import Glibc
import Support
import Testing
import Transport

@Suite struct ThreadCommunicatorTests {
    private let damage = Failure(.damagedCheckpoint, "a block of the checkpoint is damaged")

    @Test func firstErrorIsThrownAndEndsTheOthers() {
        #expect(throws: damage) {
            try ThreadCommunicator.run(size: 3) { [damage] ranks in
                if ranks.rank == 1 { throw damage }
                try ranks.barrier()
            }
        }
    }

    @Test func othersLearnWhichRankFailedAndWhy() throws {
        let told = Buffer<UInt8>(count: 3)
        #expect(throws: damage) {
            try ThreadCommunicator.run(size: 3) { [damage] ranks in
                if ranks.rank == 1 {
                    napBriefly()
                    throw damage
                }
                do { try ranks.barrier() } catch let failure as Failure {
                    if failure.problem == "rank 1 failed", failure.code == .damagedCheckpoint,
                        failure.found.contains("a block of the checkpoint")
                    {
                        told[ranks.rank] = 1
                    }
                    throw failure
                }
            }
        }
        #expect(told.array == [1, 0, 1])
    }

    @Test func aRankThatEndsEarlyIsNotWaitedFor() throws {
        for receives in [true, false] {
            let error = try #require(throws: Failure.self) {
                try ThreadCommunicator.run(size: 2) { ranks in
                    if ranks.rank == 1 { return napBriefly() }
                    let message = Message(peer: 1, bytes: Buffer<UInt8>(count: 10).bytes)
                    try ranks.exchange(send: receives ? [] : [message], receive: receives ? [message] : [])
                }
            }
            #expect(error.problem.hasPrefix("rank 1 ended"))
        }
    }

    @Test func anEndedRankThatIsNotNeededIsNoError() throws {
        try ThreadCommunicator.run(size: 3) { ranks in
            if ranks.rank == 2 { return }
            napBriefly()
            let one = Buffer<UInt8>(count: 1)
            let peer = 1 - ranks.rank
            if ranks.rank == 0 {
                try ranks.exchange(send: [Message(peer: peer, bytes: one.bytes)], receive: [])
            } else {
                try ranks.exchange(send: [], receive: [Message(peer: peer, bytes: one.bytes)])
            }
        }
    }

    @Test func anAbortEndsTheJobWithItsCode() {
        #expect(throws: JobAborted(rank: 2, code: 75)) {
            try ThreadCommunicator.run(size: 3) { ranks in
                if ranks.rank == 2 { ranks.abort(code: 75) }
                while true { _ = try ranks.poll(from: nil, tag: 1) }
            }
        }
    }

    @Test func sizesThatDifferAreAnErrorOfBothSides() throws {
        let error = try #require(throws: Failure.self) {
            try ThreadCommunicator.run(size: 2) { ranks in
                let short = Buffer<UInt8>(count: 10)
                let long = Buffer<UInt8>(count: 11)
                let peer = 1 - ranks.rank
                try ranks.exchange(
                    send: [Message(peer: peer, bytes: short.bytes)],
                    receive: [Message(peer: peer, bytes: (ranks.rank == 0 ? long : short).bytes)])
            }
        }
        #expect(error.found == "10 bytes sent")
    }

    @Test func anErrorInAPartEndsTheWholeJob() {
        #expect(throws: damage) {
            try ThreadCommunicator.run(size: 4) { [damage] ranks in
                let part = try ranks.split(color: ranks.rank / 2, key: 0)
                if ranks.rank == 3 { throw damage }
                try part?.barrier()
                try ranks.barrier()
            }
        }
    }

    @Test func aWaitingRankUsesNoCore() throws {
        let seconds = Buffer<Double>(count: 1)
        try ThreadCommunicator.run(size: 2) { ranks in
            if ranks.rank == 1 { usleep(500_000) }
            let before = threadSeconds()
            try ranks.barrier()
            if ranks.rank == 0 { seconds[0] = threadSeconds() - before }
        }
        #expect(seconds[0] < 0.1, "of a wait of 0.5 s")
    }
}

private func napBriefly() { usleep(20_000) }

private func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
