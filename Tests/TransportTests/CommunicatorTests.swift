import Testing
import Transport
import TransportChecks

@Suite struct CommunicatorTests {
    /// The checks that mpi-checks runs under mpirun, here over threads.
    @Test(arguments: Check.all.map(\.name), [1, 2, 3, 5, 8])
    func holds(name: String, size: Int) throws {
        let check = try #require(Check.all.first { $0.name == name })
        try ThreadCommunicator.run(size: size, check.body)
    }
}
