import Foundation
import Support
import Synchronization
import Testing

@Suite struct ThreadTeamTests {
    @Test(arguments: [1, 2, 3, 8]) func everyIndexOnce(size: Int) {
        let team = ThreadTeam(size: size)
        defer { team.stop() }
        for count in [0, 1, 2, 7, 1000] {
            let calls = Buffer<Int32>(count: count)
            // An index belongs to one call, so the writes are disjoint.
            team.forEach(count) { calls.pointer[$0] += 1 }
            #expect(calls.array.allSatisfy { $0 == 1 }, "\(count) indices")
        }
    }

    /// Results are there when the call returns; many short jobs one after the other.
    @Test(arguments: [2, 5]) func returnsWhenAllIsDone(size: Int) {
        let team = ThreadTeam(size: size)
        let out = Buffer<Int>(count: 40)
        defer { team.stop() }
        for round in 0..<2000 {
            team.forEach(40) { out.pointer[$0] = round + $0 }
            if out.array != (0..<40).map({ round + $0 }) {
                Issue.record("round \(round)")
                break
            }
        }
    }

    /// The last to finish may be any thread: the caller waits for each.
    @Test func waitsForTheSlowest() {
        let team = ThreadTeam(size: 3)
        defer { team.stop() }
        for slow in 0..<6 {
            let out = Buffer<Int>(count: 6)
            team.forEach(6) { index in
                usleep(index == slow ? 8000 : 1000)
                out.pointer[index] = 1
            }
            #expect(out.array == [1, 1, 1, 1, 1, 1])
        }
    }

    @Test(arguments: [1, 2, 5]) func rangesCoverTheCount(size: Int) {
        let team = ThreadTeam(size: size)
        defer { team.stop() }
        for (count, grain) in [(0, 1), (1, 1), (1, 100), (99, 100), (100, 100), (1000, 16), (1000, 1), (17, 0)] {
            let ranges = Mutex<[Range<Int>]>([])
            team.forRanges(count, grain: grain) { range in ranges.withLock { $0.append(range) } }
            let sorted = ranges.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
            #expect(sorted.flatMap { Array($0) } == Array(0..<count), "\(count) by \(grain)")
            #expect(sorted.count <= 4 * size)
            if sorted.count > 1 { #expect(sorted.allSatisfy { $0.count >= grain }) }
        }
    }

    @Test func usesItsThreads() {
        let team = ThreadTeam(size: 3)
        let inside = Atomic<Int>(0)
        defer { team.stop() }
        // Each body waits for the two others: with fewer than three threads none would get on.
        team.forEach(3) { _ in
            inside.add(1, ordering: .sequentiallyConsistent)
            while inside.load(ordering: .sequentiallyConsistent) < 3 { _ = inside.load(ordering: .relaxed) }
        }
        #expect(inside.load(ordering: .relaxed) == 3)
    }

    @Test func worksAfterItWasStopped() {
        let team = ThreadTeam(size: 4)
        let out = Buffer<Int>(count: 10)
        team.stop()
        team.forEach(10) { out.pointer[$0] = 1 }
        #expect(out.array.allSatisfy { $0 == 1 })
    }
}
