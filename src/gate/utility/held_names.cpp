#include "pg/server.hpp"

#include "pg/frame.hpp"
#include "gate/utility/held_names.hpp"
#include "gate/utility/utility.hpp"

namespace warrant {

namespace {

// The name of a schema, or else that of a relation, and the object that it led to.
struct HeldName {
    const char* schema;
    const RangeVar* relation;
    Oid object;
};

Oid LookUp(const HeldName* name) {
    return name->schema != nullptr ? get_namespace_oid(name->schema, true) : RangeVarGetRelid(name->relation, NoLock, true);
}

void HoldName(const char* schema, const RangeVar* relation, Oid object) {
    Frame* frame = current_frame;
    if (!IsLocking() || frame == nullptr || frame->kind != FrameKind::Utility)
        return;
    HeldName* name = static_cast<HeldName*>(palloc(sizeof(HeldName)));
    *name = {schema, relation, object};
    UtilityFrame* utility = static_cast<UtilityFrame*>(frame);
    utility->names = lappend(utility->names, name);
}

}    // namespace

void HoldSchema(const char* name, Oid schema) {
    if (name != nullptr && OidIsValid(schema) && !isTempNamespace(schema))
        HoldName(name, nullptr, schema);
}

void HoldRelation(const RangeVar* name, Oid relation) { HoldName(nullptr, name, relation); }

void CheckHeldNames(const UtilityFrame* frame) {
    if (frame->names == NIL || !IsTransactionState())
        return;
    ListCell* cell;
    foreach (cell, frame->names) {
        const HeldName* name = static_cast<const HeldName*>(lfirst(cell));
        Oid now = LookUp(name);
        if (OidIsValid(now) && now != name->object)
            ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                            errmsg("\"%s\" was renamed during the statement", name->schema != nullptr ? name->schema : name->relation->relname),
                            errdetail("The name leads to something else than what was decided on."), errhint("Run the statement again.")));
    }
}

}    // namespace warrant
