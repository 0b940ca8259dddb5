// The specs of the whole again, unchanged, with a process a service.
process.env.SOUK_LAYOUT = "B";
