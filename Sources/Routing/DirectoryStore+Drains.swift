import Synchronization

/// What operators take out of service, and put back.
extension DirectoryStore {
    /// Puts other marks in the place of the former ones: a drained instance has no new calls from now on, and those under way go on
    /// to their end.
    package func drain(_ marks: DrainMarks) {
        // The lock of changes first, as where an agent comes in: no snapshot is published between the two.
        state.withLock { state in
            drains.withLock { drains in
                guard marks != drains else { return }
                marks.apply(to: state.directory, inPlaceOf: drains)
                drains = marks
            }
        }
    }

    /// The marks in force.
    package var drained: DrainMarks { drains.withLock { $0 } }
}
