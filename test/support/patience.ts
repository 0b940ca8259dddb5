// Specs that start, kill and restart processes: jest reads no testTimeout from a project, hence this set-up file.
jest.setTimeout(1_800_000);
