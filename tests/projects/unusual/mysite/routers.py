class ArchiveRouter:
    def db_for_read(self, model, **hints):
        return self.db_for_write(model)

    def db_for_write(self, model, **hints):
        return "archive" if model._meta.model_name == "archived" else None
