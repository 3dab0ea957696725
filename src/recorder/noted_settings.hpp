// What the audit log is told of the gate's settings.
#pragma once

namespace warrant {

// An open door is in every log of the server's life: writes a row, once, where pg_warrant.allow_restore is on. In the batch's transaction, with SPI.
void NoteRestore();

// Writes what the configuration says now of the gate, where that is not what the log knows: it was changed in the file, perhaps while the server was
// down. In the batch's transaction, with SPI.
void NoteSettings();

// Called when the batch was committed, so that the log knows the settings, or is to be done again.
void EndNotedSettings(bool committed);

}    // namespace warrant
