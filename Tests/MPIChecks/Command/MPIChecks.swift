import Glibc
import Support
import Transport
import TransportChecks

/// `mpirun -np n mpi-checks [MODE]`: checks of the transport that need real processes; Tests/mpi/transport.sh runs them.
@main struct MPIChecks {
    static let modes: [String: @Sendable (MPICommunicator) throws -> Void] = [
        "all": runAll,
        "latency": printLatency,
        "collectives": printCollectives,
        "workers": printWorkersLatency,
        "waiting": checkWaiting,
        "long": checkLongMessage,
        "sizes": checkSizesThatDiffer,
        "error": { ranks in
            if ranks.rank == ranks.size - 1 { throw Failure(.damagedCheckpoint, "a wanted failure") }
            try ranks.barrier()
        },
        "abort": { ranks in
            if ranks.rank == 0 { ranks.abort(code: 75) }
            try ranks.barrier()
        },
    ]

    static func main() {
        let name = CommandLine.arguments.dropFirst().first ?? "all"
        guard let mode = modes[name] else {
            print("no mode \(name); there are \(modes.keys.sorted().joined(separator: ", "))")
            exit(2)
        }
        do {
            let ranks = try MPICommunicator.start(computes: { rank, _ in name != "workers" || rank > 0 })
            do {
                try mode(ranks)
                try ranks.finish()
            } catch {
                complain("rank \(ranks.rank) on \(ranks.host): \(error)")
                ranks.abort(code: (error as? Failure)?.code.rawValue ?? 1)
            }
        } catch {
            complain("MPI did not start: \(error)")
            exit(1)
        }
    }

    @Sendable private static func runAll(_ ranks: MPICommunicator) throws {
        for check in Check.all {
            do { try check.body(ranks) } catch {
                throw Unequal(description: "FAILED: \(check.name): \(error)")
            }
            try ranks.barrier()
            say(ranks, "ok: \(check.name)")
        }
    }
}

private func complain(_ line: String) {
    let line = line + "\n"
    _ = write(STDERR_FILENO, line, line.utf8.count)
}

/// Rank 0 prints a line.
func say(_ ranks: any Communicator, _ line: String) {
    guard ranks.rank == 0 else { return }
    print(line)
    fflush(nil)
}
