#include "pg/server.hpp"

#include "pg/settings.hpp"
#include "pg/worker.hpp"
#include "rules/installation.hpp"
#include "queue/setting_changes.hpp"
#include "recorder/noted_settings.hpp"
#include "recorder/script.hpp"
#include "recorder/seal.hpp"
#include "recorder/state.hpp"

namespace warrant {

void NoteRestore() {
    if (self.restore_noted || !settings.allow_restore)
        return;
    SealNote("config_changed", "pg_warrant.allow_restore is on");
}

void NoteSettings() {
    self.changes_noted = self.database->settings_noted;
    if ((self.settings_noted == configuration_reads && self.changes_noted == SettingChanges()) || !HasFunction("note_settings"))
        return;
    int reads = configuration_reads;
    Oid type = JSONBOID;
    Datum changes = DirectFunctionCall1(jsonb_in, CStringGetDatum(SettingChangesAsJson(self.database->settings_noted, &self.changes_noted)));
    SPI_execute_with_args(psprintf("SELECT %s.note_settings($1)", InternalSchema()), 1, &type, &changes, nullptr, false, 1);
    self.settings_noted = reads;
}

void EndNotedSettings(bool committed) {
    if (!committed) {
        self.settings_noted = 0;
        return;
    }
    self.restore_noted = true;
    self.database->settings_noted = self.changes_noted;
}

}    // namespace warrant
