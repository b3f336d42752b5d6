/// Which groups and workers the coordinator waits for. A worker's word may come before an earlier one of its group's leader.
package struct Attendance {
    /// World ranks, each group's leader first.
    private let groups: [[Int]]
    /// They have not been told that no seed is left, nor been interrupted.
    private var busyGroups: Set<Int>
    private var activeWorkers: Set<Int> = []
    private var interruptedWorkers: Set<Int> = []

    package init(groups: [[Int]]) {
        (self.groups, busyGroups) = (groups, Set(groups.indices))
    }

    /// Nobody is waited for.
    package var isOver: Bool { busyGroups.isEmpty && activeWorkers.isEmpty }

    /// The group is told a seed, or to stop: each of its workers will say how that ended, but for those that have left.
    package mutating func await(_ group: Int) {
        activeWorkers.formUnion(Set(groups[group]).subtracting(interruptedWorkers))
    }

    /// The group is told that no seed is left.
    package mutating func dismiss(_ group: Int) { busyGroups.remove(group) }

    /// The worker has done its share of a seed.
    package mutating func finish(_ worker: Int) { activeWorkers.remove(worker) }

    /// The worker has left.
    package mutating func interrupt(_ worker: Int) {
        interruptedWorkers.insert(worker)
        activeWorkers.remove(worker)
        guard let group = groups.firstIndex(where: { $0.contains(worker) }), !isAtWork(group) else { return }
        busyGroups.remove(group)
    }

    /// Leaders of groups that train.
    package var leadersAtWork: [Int] { busyGroups.sorted().filter(isAtWork).map { groups[$0][0] } }

    /// Workers of groups that have ended.
    package var resting: [Int] {
        groups.indices.filter { !busyGroups.contains($0) && !isAtWork($0) }.flatMap { groups[$0] }
    }

    private func isAtWork(_ group: Int) -> Bool { !activeWorkers.isDisjoint(with: groups[group]) }
}
